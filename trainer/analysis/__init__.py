"""The analyst's report: what the data and a model version say, a file a section."""
