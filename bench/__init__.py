"""Measures the mesh and the bare parts it is made of, in one run on one machine."""
