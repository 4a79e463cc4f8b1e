"""The built-in plugins, grouped by role; they load exactly as a stranger's plugin does."""
