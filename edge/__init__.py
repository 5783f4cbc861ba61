"""The edge: one Envoy configuration for the local stack, the tests and Kubernetes."""
