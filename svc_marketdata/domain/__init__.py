"""Books, quotes, candles and listings as pure values: standard library only."""
