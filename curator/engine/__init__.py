"""The background engine: data, algorithms and storage. Knows nothing of Qt."""
