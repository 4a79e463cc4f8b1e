"""Built-in selectors: one file, one plugin."""
