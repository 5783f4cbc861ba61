"""gRPC between processes: servers, channels, the call, field rules, limits."""
