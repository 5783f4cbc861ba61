"""Messages that could not be applied, and what persons do with them."""
