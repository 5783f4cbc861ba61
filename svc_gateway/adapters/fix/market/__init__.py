"""FIX messages of market-data sessions, to and from the contracts."""
