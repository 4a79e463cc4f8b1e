"""Widgets. Each shows one thing, asks through signals, and never writes."""
