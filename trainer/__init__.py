"""From a retailer's files to a model version: read, clean, fit, publish."""
