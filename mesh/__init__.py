"""Infrastructure shared by all services; independent of orders."""
