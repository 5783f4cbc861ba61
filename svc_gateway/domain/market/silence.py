"""When the prices of a venue must not be relied on although its FIX session is up.

A venue that hangs keeps its connection open; QuickFIX ends the session after 2.4 times
HeartBtInt(108). A venue whose prices stand still goes on with its heartbeats.
"""

from typing import Final

HEARTBEAT_LATE_MAX_S: Final = 3.0
"""How much later than HeartBtInt(108) the next message of a venue may come."""


class Silence:
    """When one market-data session last brought something, and when prices. Seconds."""

    def __init__(self, heartbeat_s: float, price_silence_max_s: float) -> None:
        """Make it; `price_silence_max_s` is 0 if a venue may be without prices for any time."""
        self._heartbeat_s = heartbeat_s
        self._price_silence_max_s = price_silence_max_s
        self._heard_s = 0.0
        self._priced_s = 0.0

    def begin(self, now_s: float) -> None:
        """Note the logon."""
        self._heard_s = self._priced_s = now_s

    def heard(self, now_s: float, *, prices: bool) -> None:
        """Note a message of the venue, and whether it brought prices."""
        self._heard_s = now_s
        if prices:
            self._priced_s = now_s

    def why(self, now_s: float, *, trades: bool) -> str:
        """Return why all prices of the venue are stale; empty if they are not.

        Args:
            now_s: The present time, by the same clock as the others.
            trades: The venue is open, as far as it is known. Prices are not due while it is not.
        """
        if not trades:
            self._priced_s = now_s
        if now_s - self._heard_s > self._heartbeat_s + HEARTBEAT_LATE_MAX_S:
            return (
                f"nothing came from the venue for more than {self._heartbeat_s:g} s (heartbeat_s) "
                f"and {HEARTBEAT_LATE_MAX_S:g} s"
            )
        limit_s = self._price_silence_max_s
        if limit_s and now_s - self._priced_s > limit_s:
            return f"no prices came for more than {limit_s:g} s (price_silence_max_s)"
        return ""
