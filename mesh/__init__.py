"""Plumbing every service shares; it knows no orders."""
