"""The use cases of the order book: one package for each feature."""
