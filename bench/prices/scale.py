"""How many listings and subscribers the load of prices has."""

LISTINGS = 2_000
UPDATES_S = 50 * LISTINGS
LISTINGS_EACH = 50
INTERVAL_MS = 100
SUBSCRIBERS = (62, 125, 250, 500)
"""The last is the aim, 8 times the first."""
WEB_SUBSCRIBERS = 200
STOPPED = 10
"""Streams that are opened and never read."""
