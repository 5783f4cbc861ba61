"""The use cases of the order book: the batched transaction path, the feeds, the link."""
