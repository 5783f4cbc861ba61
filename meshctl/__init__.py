"""The `ordermesh` command: runs the mesh on one machine and trades from a terminal."""
