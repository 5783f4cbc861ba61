"""FIX messages of order sessions, to and from the contracts."""
