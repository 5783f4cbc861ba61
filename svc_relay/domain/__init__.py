"""What the relay does, and what errors of Kafka mean. Standard library and kernel only."""
