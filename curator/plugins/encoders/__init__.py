"""Built-in encoders: one file, one plugin."""
