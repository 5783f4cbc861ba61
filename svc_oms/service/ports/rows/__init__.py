"""The rows of the store as plain records, and the columns of their tables."""
