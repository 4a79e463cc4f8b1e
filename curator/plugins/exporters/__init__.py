"""Built-in exporters: one file, one plugin."""
