"""Built-in scorers: one file, one plugin."""
