"""The order life cycle as pure values and functions: standard library only."""
