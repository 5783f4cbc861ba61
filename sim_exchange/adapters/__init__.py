"""Ways in and out of the venue: FIX and the journal."""
