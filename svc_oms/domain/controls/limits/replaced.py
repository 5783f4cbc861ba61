"""Which limits take the place of others: of each kind the most specific one counts for an order."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from svc_oms.domain.controls.limits.limit_values import Limit, LimitScope
from svc_oms.domain.controls.limits.loosening import covers_whole, overlaps, scopes_around

# Named for one limit; a limit of a firm may be replaced for each of its accounts.
REPLACEMENTS_MAX: Final = 100


class Replacement(NamedTuple):
    """A limit that counts instead of another, for a part or the whole of its orders."""

    limit: Limit
    wholly: bool
    """It covers every listing of the other; the scope is the caller's to compare."""


class Specific:
    """Limits in force at one time, indexed by the scopes that each is within."""

    def __init__(self, limits: Iterable[Limit], accounts: Mapping[str, tuple[str, str]]) -> None:
        """Index the limits.

        Args:
            limits: All that may take the place of others.
            accounts: Firm and desk (FIRM/DESK) of the accounts that have limits of their own.
        """
        self._within: dict[tuple[int, str], list[Limit]] = {}
        for limit in limits:
            firm_id, desk = "", ""
            if limit.range.scope is LimitScope.ACCOUNT:
                firm_id, desk = accounts.get(limit.range.scope_id, ("", ""))
            for name in scopes_around(limit.range, firm_id, desk):
                self._within.setdefault((limit.kind, name), []).append(limit)

    def replacing(self, limit: Limit) -> list[Replacement]:
        """Return what counts instead of a limit, at most REPLACEMENTS_MAX, narrowest first."""
        found = list(self._replacing(limit))
        found.sort(key=lambda each: each.limit.range.rank, reverse=True)
        return found[:REPLACEMENTS_MAX]

    def _replacing(self, limit: Limit) -> Iterator[Replacement]:
        for other in self._within.get((limit.kind, limit.range.scope_id), ()):
            more_specific = other.range.rank > limit.range.rank
            if more_specific and overlaps(limit.range, other.range):
                yield Replacement(other, covers_whole(other.range, limit.range))
