"""What readers of order streams get, and how replicas wake each other."""
