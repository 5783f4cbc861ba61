"""The embedded Kafka: its jars by pinned hash, and one broker on the Java runtime of a wheel."""
