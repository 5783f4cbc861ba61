"""The controls at one version, and which limit of an account applies to an order at an instant."""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final

from svc_oms.domain.controls.limits.limit_values import (
    Applied,
    Limit,
    LimitKind,
    LimitScope,
    Override,
    OverrideState,
    StatusTarget,
    TradingState,
    desk_name,
)


def in_force(versions: Iterable[Limit], now_ns: int) -> Limit | None:
    """Return the version of one limit that counts at an instant; a limit is a list of versions."""
    begun = [each for each in versions if each.valid_from_ns <= now_ns]
    newest = max(begun, key=lambda each: each.version, default=None)
    if newest is None or newest.ended or 0 < newest.valid_until_ns <= now_ns:
        return None
    return newest


Listed = tuple[str, str, str]
"""Id, venue and currency of a listing."""
# Listings of which the limits of one account are kept; beyond it all are looked up again.
LISTINGS_KEPT_MAX: Final = 1_000
# Accounts whose limits are kept, each with its listings; beyond it the one that was used longest
# ago is dropped, and made again from the limits when it is used.
ACCOUNTS_KEPT_MAX: Final = 10_000
FOREVER_NS: Final = 2**63


class AccountLimits:
    """The limits of one account, the most specific first within each kind.

    What applies at a listing is kept until the next instant at which a limit or override begins or
    ends.
    """

    __slots__ = (
        "_applied_at",
        "_by_kind",
        "_from_ns",
        "_instants",
        "_kinds",
        "_overrides",
        "_until_ns",
    )

    def __init__(
        self, by_kind: Mapping[LimitKind, list[list[Limit]]], overrides: Mapping[str, Override]
    ) -> None:
        self._by_kind = by_kind
        self._overrides = overrides
        self._kinds = frozenset(by_kind)
        limits = [one for found in by_kind.values() for versions in found for one in versions]
        begin_or_end = {one.valid_from_ns for one in limits}
        begin_or_end.update(one.valid_until_ns for one in limits)
        begin_or_end.update(one.valid_until_ns for one in overrides.values())
        self._instants = sorted(begin_or_end)
        self._from_ns = self._until_ns = 0
        self._applied_at: dict[Listed, Mapping[LimitKind, Applied]] = {}

    def kinds(self) -> frozenset[LimitKind]:
        """Return the kinds of which there is one, in force or to come."""
        return self._kinds

    def applied_at(
        self, listing: Listed, now_ns: int, defaults: Mapping[LimitKind, Applied]
    ) -> Mapping[LimitKind, Applied]:
        """Return the limits that apply at a listing, by kind.

        Args:
            listing: Its id, venue and currency.
            now_ns: The instant.
            defaults: Limits for kinds without one; the same in every call.
        """
        if not self._from_ns <= now_ns < self._until_ns:
            at = bisect_right(self._instants, now_ns)
            self._from_ns = self._instants[at - 1] if at else 0
            self._until_ns = self._instants[at] if at < len(self._instants) else FOREVER_NS
            self._applied_at.clear()
        found = self._applied_at.get(listing)
        if found is None:
            if len(self._applied_at) >= LISTINGS_KEPT_MAX:
                self._applied_at.clear()
            found = self._applied_at[listing] = self._look(listing, now_ns, defaults)
        return found

    def _look(
        self, listing: Listed, now_ns: int, defaults: Mapping[LimitKind, Applied]
    ) -> Mapping[LimitKind, Applied]:
        found = dict(defaults)
        for kind in self._by_kind:
            limit = self.find(kind, *listing, now_ns)
            if limit is not None:
                found[kind] = limit
        return found

    def find(
        self, kind: LimitKind, instrument_id: str, venue_mic: str, currency: str, now_ns: int
    ) -> Applied | None:
        """Return the most specific limit of a kind for an order in this listing."""
        for versions in self._by_kind.get(kind, ()):
            if versions[0].range.covers(instrument_id, venue_mic, currency):
                limit = in_force(versions, now_ns)
                if limit is not None:
                    return self._applied(limit, now_ns)
        return None

    def all(self, now_ns: int) -> list[Applied]:
        """Return every limit in force, the most specific first within each kind."""
        found = (in_force(v, now_ns) for _, kind in sorted(self._by_kind.items()) for v in kind)
        return [self._applied(limit, now_ns) for limit in found if limit is not None]

    def _applied(self, limit: Limit, now_ns: int) -> Applied:
        override = self._overrides.get(limit.limit_id)
        if override is None or not override.applies(limit, now_ns):
            return Applied(limit, limit.values)
        return Applied(limit, override.values, override.override_id)


class Controls:
    """All limits, overrides and trading states at one version of the controls.

    What begins or ends by itself is decided when it is looked up, so an object is valid until the
    version changes.
    """

    def __init__(
        self,
        version: int,
        limits: Iterable[Limit],
        overrides: Iterable[Override],
        states: Mapping[tuple[StatusTarget, str], TradingState],
    ) -> None:
        self.version = version
        self._by_scope: dict[tuple[LimitScope, str], dict[str, list[Limit]]] = {}
        for limit in limits:
            scope = self._by_scope.setdefault((limit.range.scope, limit.range.scope_id), {})
            scope.setdefault(limit.limit_id, []).append(limit)
        self._overrides: dict[str, dict[str, Override]] = {}
        for override in overrides:
            if override.state is OverrideState.APPROVED:
                known = self._overrides.setdefault(override.account_id, {})
                # Of several the newest one counts: ids are in the order of their times.
                other = known.get(override.limit_id)
                if other is None or other.override_id < override.override_id:
                    known[override.limit_id] = override
        self._states = {key: state for key, state in states.items() if state > TradingState.ACTIVE}
        self._accounts: OrderedDict[tuple[str, str, str], AccountLimits] = OrderedDict()

    @property
    def reduce_only_somewhere(self) -> bool:
        """Some instrument, venue or firm is reduce-only."""
        return TradingState.REDUCE_ONLY in self._states.values()

    def state(
        self, own: TradingState, firm_id: str, instrument_id: str, venue_mic: str
    ) -> tuple[TradingState, str]:
        """Return the strictest trading state that applies to an order, and whose state it is."""
        if not self._states:
            return own, "the account"
        found = [(own, "the account")]
        for target, name in (
            (StatusTarget.FIRM, firm_id),
            (StatusTarget.VENUE, venue_mic),
            (StatusTarget.INSTRUMENT, instrument_id),
        ):
            state = self._states.get((target, name))
            if state is not None:
                found.append((state, f"{target.name.lower()} {name}"))
        return max(found, key=lambda each: each[0])

    def of_account(self, account_id: str, firm_id: str, desk_id: str) -> AccountLimits:
        """Return the limits of an account."""
        key = (account_id, firm_id, desk_id)
        made = self._accounts.get(key)
        if made is not None:
            self._accounts.move_to_end(key)
            return made
        if len(self._accounts) >= ACCOUNTS_KEPT_MAX:
            self._accounts.popitem(last=False)
        made = self._accounts[key] = self._make(*key)
        return made

    def _make(self, account_id: str, firm_id: str, desk_id: str) -> AccountLimits:
        by_kind: dict[LimitKind, list[list[Limit]]] = {}
        for scope in (
            (LimitScope.ACCOUNT, account_id),
            (LimitScope.DESK, desk_name(firm_id, desk_id)),
            (LimitScope.FIRM, firm_id),
        ):
            for versions in self._by_scope.get(scope, {}).values():
                by_kind.setdefault(versions[0].kind, []).append(versions)
        for found in by_kind.values():
            found.sort(key=lambda versions: versions[0].range.rank, reverse=True)
        return AccountLimits(by_kind, self._overrides.get(account_id, {}))


NO_CONTROLS: Final = Controls(0, (), (), {})
