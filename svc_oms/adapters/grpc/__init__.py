"""Clients of the other services of the mesh."""
