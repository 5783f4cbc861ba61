"""Total mappings between the domain's values and the protobuf that is stored and sent."""
