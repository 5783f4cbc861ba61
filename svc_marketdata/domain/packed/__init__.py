"""What is kept of a listing in thousands, as bytes and not as objects."""
