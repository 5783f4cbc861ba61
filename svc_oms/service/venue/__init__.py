"""FIX order sessions: leases, the session link, reports of the venue, administration."""
