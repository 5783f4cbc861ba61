"""Decisions about market data: symbols, entries of books, prints, trading sessions, silence."""
