"""Built-in importers: one file, one plugin."""
