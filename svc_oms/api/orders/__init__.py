"""OrderService and OrderFlowService: requests to commands, reads and streams of orders."""
