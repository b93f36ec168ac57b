"""The shell that every service wears: settings, logs, metrics, health, errors, deadlines, drain."""
