"""The parts by themselves: the capacity of the machine without the mesh."""
