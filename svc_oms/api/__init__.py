"""The gRPC services of the order book: thin servicers and the mappings they need."""
