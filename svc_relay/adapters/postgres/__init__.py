"""Reads the logs."""
