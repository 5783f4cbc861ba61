"""The embedded venue: a FIX 4.4 acceptor with a price-time priority book."""
