"""The gRPC face of the order book: thin servicers and the mappings they need."""
