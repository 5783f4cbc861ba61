"""Reference data: what persons recorded of instruments and listings."""
