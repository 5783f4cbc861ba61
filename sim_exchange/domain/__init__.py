"""Book, prices and recorded flow: standard library only, no clock, no I/O."""
