"""Candles and trades of the past: intervals, packed hours of candles, reports of trades."""
