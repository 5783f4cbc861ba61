"""Which scopes a kill switch may have, and who sees which switches."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mesh.auth.tokens import Principal
from mesh.errors import MeshError, refuse
from ordermesh.oms.v1 import kill_switch_pb2 as kill
from svc_oms.domain.kill_switches import Scope, blocks_some
from svc_oms.service.codec.kill_messages import scope_value, switch_message
from svc_oms.service.directory.known_ids import KnownIds
from svc_oms.service.errors import invalid_field
from svc_oms.service.ports import AccountRow
from svc_oms.service.ports.directory_ports import IdKind
from svc_oms.service.ports.kill_ports import SwitchKind, SwitchRow

ANY_SCOPE: Final = frozenset({"RISK", "OPERATOR"})
ALL_READERS: Final = frozenset({"RISK", "OPERATOR", "AUDITOR"})

# Algorithms are free text: they are known only by the orders that carry them.
_KINDS: Final = {
    "firm_id": IdKind.FIRM,
    "desk_id": IdKind.DESK,
    "account_id": IdKind.ACCOUNT,
    "session_id": IdKind.SESSION,
    "venue_mic": IdKind.VENUE,
    "instrument_id": IdKind.INSTRUMENT,
}
# The kinds of id whose names a TRADER may see.
_PUBLIC_KINDS: Final = frozenset({IdKind.SESSION, IdKind.VENUE, IdKind.INSTRUMENT})


def require_scope(scope: kill.KillScope, principal: Principal) -> None:
    """Refuse a scope that is empty, or that the caller must not block.

    Raises:
        MeshError: INVALID_FIELD, ACCOUNT_NOT_ALLOWED.
    """
    if not any(scope_value(scope)):
        raise invalid_field(
            "scope",
            "",
            "given, with at least one of firm_id, desk_id, account_id, trader, algorithm_id, "
            "session_id, venue_mic, instrument_id",
        )
    if not ANY_SCOPE.isdisjoint(principal.roles):
        return
    if not scope.account_id:
        raise refuse(
            "ACCOUNT_NOT_ALLOWED",
            "scope.account_id is empty; a TRADER must name one of its accounts",
            "scope.account_id",
            account="",
        )
    principal.require_trade(scope.account_id, "scope.account_id")


async def resolved(
    scope: kill.KillScope, principal: Principal, directory: KnownIds
) -> kill.KillScope:
    """Return a scope with the ids that orders have: of FIRM/DESK, and of a user name.

    Raises:
        MeshError: OBJECT_NOT_FOUND, INVALID_FIELD.
        StoreUnavailableError: It cannot be decided.
    """
    made = kill.KillScope()
    made.CopyFrom(scope)
    wide = not ANY_SCOPE.isdisjoint(principal.roles)
    if "/" in scope.desk_id:
        await directory.require("scope.desk_id", IdKind.FIRM_DESK, scope.desk_id, show_ids=wide)
        firm, made.desk_id = scope.desk_id.split("/")
        if scope.firm_id not in {"", firm}:
            raise _apart(scope, ["firm_id"], "desk_id")
        made.firm_id = firm
    if scope.trader:
        made.trader = await directory.trader("scope.trader", scope.trader, show_ids=wide)
    return made


async def require_met(scope: kill.KillScope, principal: Principal, directory: KnownIds) -> None:
    """Refuse a scope that no order can be in: it would block nothing and look safe.

    Raises:
        MeshError: OBJECT_NOT_FOUND: an id does not exist. INVALID_FIELD: no account, or no venue,
            matches all the ids together.
        StoreUnavailableError: It cannot be decided.
    """
    wide = not ANY_SCOPE.isdisjoint(principal.roles)
    for name, kind in _KINDS.items():
        value = getattr(scope, name)
        if value:
            show_ids = wide or kind in _PUBLIC_KINDS
            await directory.require(f"scope.{name}", kind, value, show_ids=show_ids)
    order_accounts = [name for name in ("firm_id", "desk_id", "account_id") if getattr(scope, name)]
    if len(order_accounts) > 1:
        found = await directory.store.together(scope.firm_id, scope.desk_id, scope.account_id)
        if not found:
            raise _apart(scope, order_accounts[:-1], order_accounts[-1])
    venues = {"venue_mic": scope.venue_mic}
    if scope.session_id:
        venues["session_id"] = await directory.store.venue_of(scope.session_id)
    if scope.instrument_id:
        venues["instrument_id"] = scope.instrument_id.rpartition(".")[2]
    if len(set(venues.values()) - {""}) > 1:
        named = [name for name, mic in venues.items() if mic]
        raise _apart(scope, named[:-1], named[-1])


def _apart(scope: kill.KillScope, others: list[str], field: str) -> MeshError:
    of = " and ".join(f"{name} {getattr(scope, name)}" for name in others)
    return invalid_field(
        f"scope.{field}",
        getattr(scope, field),
        f"of {of}, or left out: an order must match all named ids, and none can",
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """A person who looks at kill switches.

    A TRADER sees the switches whose scope names one of its accounts, completely; and those that
    can block an order of it, without what they did to others.

    Attributes:
        principal: The person.
        accounts: The person's accounts, with firm and desk; not needed for persons who see all.
    """

    principal: Principal
    accounts: tuple[AccountRow, ...] = ()

    @property
    def sees_all(self) -> bool:
        """Return whether the person sees everything."""
        return not ALL_READERS.isdisjoint(self.principal.roles)

    def sees(self, row: SwitchRow) -> bool:
        """Return whether the person may see a switch."""
        return self._whole(row) or (
            row.kind == SwitchKind.SWITCH and not row.drill and self._is_blocked(Scope(*row.scope))
        )

    def accounts_of(self, row: SwitchRow) -> list[str] | None:
        """Return the accounts whose orders the person sees of a switch; None for all."""
        return None if self._whole(row) else sorted(self.principal.accounts)

    def message(self, row: SwitchRow) -> kill.KillSwitch:
        """Encode a switch as the person may see it."""
        message = switch_message(row)
        if not self._whole(row):
            message.ClearField("counts")
            message.ClearField("commands_held")
        return message

    def _whole(self, row: SwitchRow) -> bool:
        return self.sees_all or Scope(*row.scope).account_id in self.principal.accounts

    def _is_blocked(self, scope: Scope) -> bool:
        return blocks_some(scope, _order_accounts(self.accounts), self.principal.subject)


def _order_accounts(accounts: Iterable[AccountRow]) -> Iterable[tuple[str, str, str]]:
    return ((one.firm_id, one.desk_id, one.account_id) for one in accounts)
