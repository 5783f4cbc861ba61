"""Retention in PostgreSQL: archived and removed rows, as the role that owns the tables."""
