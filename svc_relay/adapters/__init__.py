"""PostgreSQL and Kafka."""
