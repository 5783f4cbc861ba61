"""How our processes and commands reach Kafka."""
