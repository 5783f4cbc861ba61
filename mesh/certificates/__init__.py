"""Certificates of the mesh for mutual TLS, and when they expire."""
