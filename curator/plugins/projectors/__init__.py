"""Built-in projectors: one file, one plugin."""
