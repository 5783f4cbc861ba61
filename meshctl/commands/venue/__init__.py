"""Commands about venues: FIX sessions, parked messages, statements, a restored order book."""
