"""Parts that start a whole mesh, as `ordermesh up` does."""
