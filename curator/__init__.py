"""Curator: choose the training data worth keeping."""

__version__ = "0.1.0"
