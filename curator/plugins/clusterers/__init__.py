"""Built-in clusterers: one file, one plugin."""
