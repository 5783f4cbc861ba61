"""MarketDataRequest(V): what each request was about, and what follows if the venue refuses it.

One refused symbol refuses the whole request. So a refused request is asked again in two halves,
and they again, until single symbols are refused: those have no prices, for the reason that the
venue gives, and are not asked about again before the next logon or list. Every other symbol of the
request gets its prices. A request of n symbols takes part in at most log2(n) + 1 refusals.
"""

from collections.abc import Sequence
from typing import NamedTuple

# Requests remembered. The oldest is forgotten; its refusal is then only logged.
REQUESTS_REMEMBERED_MAX = 10_000


class PriceRequest(NamedTuple):
    """One MarketDataRequest(V)."""

    symbols: tuple[str, ...]
    kind: str
    """SubscriptionRequestType(263)."""


class PriceRequests:
    """The requests of one session, by MDReqID(262)."""

    def __init__(self) -> None:
        self._sent: dict[str, PriceRequest] = {}

    def forget(self) -> None:
        """Drop all: the session has logged on."""
        self._sent.clear()

    def note(self, request_id: str, symbols: Sequence[str], kind: str) -> None:
        """Remember a request."""
        self._sent[request_id] = PriceRequest(tuple(symbols), kind)
        if len(self._sent) > REQUESTS_REMEMBERED_MAX:
            del self._sent[next(iter(self._sent))]

    def refused(self, request_id: str) -> list[PriceRequest]:
        """Return the two halves of a refused request; the request itself if it was for one symbol.

        Empty if the request is not known, or was refused before.
        """
        request = self._sent.pop(request_id, None)
        if request is None:
            return []
        symbols = request.symbols
        middle = len(symbols) // 2
        if not middle:
            return [request]
        return [request._replace(symbols=part) for part in (symbols[:middle], symbols[middle:])]
