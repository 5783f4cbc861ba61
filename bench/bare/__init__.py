"""The parts by themselves: what the machine can do without the mesh."""
