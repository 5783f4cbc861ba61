"""FIX 4.4: the engine, its file store, and messages to and from the contracts."""
