"""The configuration of this process: options, settings, the database of examples and the session."""
