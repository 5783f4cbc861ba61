"""Smart order routing: what is decided about routed orders, and when."""
