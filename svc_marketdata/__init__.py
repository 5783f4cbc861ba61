"""Live prices and listings: books from the venues' feeds, served by the stream contract."""
