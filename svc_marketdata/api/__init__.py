"""gRPC servicers and the total mappings between proto and domain."""
