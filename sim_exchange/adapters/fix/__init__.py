"""The venue's FIX 4.4 acceptor; the only place here that knows quickfix."""
