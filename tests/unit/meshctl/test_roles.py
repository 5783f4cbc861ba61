"""The roles in the help of each command are those that the services admit."""

import re
from collections.abc import Iterator

import pytest
import typer.main

from mesh.auth.access import ROLES as EVERY_ROLE
from mesh.auth.access import Access
from meshctl.commands.roles import ROLES, commands_of
from meshctl.main import app
from svc_identity.api import audit_servicer
from svc_marketdata.api.alerts import servicer as alert_servicer
from svc_marketdata.api.reference import servicer
from svc_notify.api import destinations, notifications, rules
from svc_oms.api import (
    audit_service,
    kill_switch_service,
    limit_service,
    parked_service,
    recovery_service,
    session_service,
)
from svc_oms.api.orders import order_service, routing_service

ORDERS, KILLS = order_service.ACCESS, kill_switch_service.ACCESS
LIMITS, SESSIONS = limit_service.ACCESS, session_service.ACCESS
REFERENCE, ALERTS = servicer.ACCESS, alert_servicer.ACCESS
PARKED, RECOVERY = parked_service.ACCESS, recovery_service.ACCESS

RPCS: dict[str, Access] = {
    "order": ORDERS["Place"],
    "orders": ORDERS["List"],
    "show": ORDERS["ShowOrder"],
    "routing report": ORDERS["List"],
    "routing venues": routing_service.ACCESS["ListVenues"],
    "routing put-back": routing_service.ACCESS["PutVenueBack"],
    "cancel": ORDERS["Cancel"],
    "cancel-all": ORDERS["CancelAll"],
    "replace": ORDERS["Replace"],
    "pause": ORDERS["Pause"],
    "resume": ORDERS["Resume"],
    "approve": ORDERS["Approve"],
    "decline": ORDERS["Decline"],
    "resolve": ORDERS["Resolve"],
    "go-flat": ORDERS["GoFlat"],
    "demo": ORDERS["Place"],
    "watch orders": ORDERS["Watch"],
    "mass-cancel": KILLS["MassCancel"],
    "kill engage": KILLS["Engage"],
    "kill release": KILLS["ProposeRelease"],
    "kill approve": KILLS["ApproveRelease"],
    "kill list": KILLS["List"],
    "kill show": KILLS["Get"],
    "positions": LIMITS["ListPositions"],
    "limits apply": LIMITS["SetLimit"],
    "limits list": LIMITS["ListLimits"],
    "limits set": LIMITS["SetLimit"],
    "limits end": LIMITS["EndLimit"],
    "limits history": LIMITS["ListLimitHistory"],
    "limits usage": LIMITS["GetUsage"],
    "limits enable": LIMITS["EnableStrategy"],
    "limits override propose": LIMITS["ProposeOverride"],
    "limits override approve": LIMITS["ApproveOverride"],
    "limits override reject": LIMITS["RejectOverride"],
    "limits override list": LIMITS["ListOverrides"],
    "limits changes list": LIMITS["ListProposedChanges"],
    "limits changes confirm": LIMITS["ConfirmChange"],
    "limits changes reject": LIMITS["RejectChange"],
    "parked list": PARKED["List"],
    "parked show": PARKED["Get"],
    "parked apply": PARKED["Apply"],
    "parked discard": PARKED["Discard"],
    "parked state": ORDERS["Resolve"],
    "parked statements": ORDERS["ListStatements"],
    "parked confirm": ORDERS["ConfirmStatement"],
    "parked decline": ORDERS["DeclineStatement"],
    "audit": audit_service.ACCESS["List"],
    "logins": audit_servicer.ACCESS["List"],
    "notifications list": notifications.ACCESS["List"],
    "notifications watch": notifications.ACCESS["Watch"],
    "notifications read": notifications.ACCESS["MarkRead"],
    "rules list": rules.ACCESS["ListRules"],
    "rules set": rules.ACCESS["SetRule"],
    "rules remove": rules.ACCESS["DeleteRule"],
    "destinations list": destinations.ACCESS["ListDestinations"],
    "destinations set": destinations.ACCESS["SetDestination"],
    "destinations remove": destinations.ACCESS["DeleteDestination"],
    "dead-letters list": destinations.ACCESS["ListDeadLetters"],
    "dead-letters retry": destinations.ACCESS["RetryDeadLetter"],
    "dead-letters discard": destinations.ACCESS["DiscardDeadLetter"],
    "alerts add": ALERTS["CreateAlert"],
    "alerts list": ALERTS["ListAlerts"],
    "alerts remove": ALERTS["CancelAlert"],
    "alerts watch": ALERTS["WatchAlerts"],
    "instruments show": REFERENCE["GetRecords"],
    "instruments import": REFERENCE["Import"],
    "instruments export": REFERENCE["Export"],
    "instruments history": REFERENCE["ListHistory"],
    "instruments actions list": REFERENCE["ListActions"],
    "instruments actions split": REFERENCE["RecordAction"],
    "instruments actions rename": REFERENCE["RecordAction"],
    "instruments actions delist": REFERENCE["RecordAction"],
    "instruments actions withdraw": REFERENCE["WithdrawAction"],
    "sessions list": SESSIONS["List"],
    "sessions show": SESSIONS["Get"],
    "sessions actions": SESSIONS["ListActions"],
    "sessions reset": SESSIONS["ProposeSequenceChange"],
    "sessions approve": SESSIONS["ApproveSequenceChange"],
    "sessions reject": SESSIONS["RejectSequenceChange"],
    "sessions disconnect": SESSIONS["Disconnect"],
    "sessions connect": SESSIONS["Connect"],
    "sessions hand-over": SESSIONS["HandOver"],
    "recovery show": RECOVERY["Show"],
    "recovery confirm": RECOVERY["Confirm"],
}
# Of every role: they call svc_marketdata. `limits status` reads, and with --set changes.
HISTORY = {"candles", "trades", "history replay", "history export candles", "history export trades"}
READS = {
    "calendar",
    "instruments list",
    "instruments search",
    "watch quotes",
    "watch book",
    "limits status",
} | HISTORY
OF_THIS_MACHINE = {"up", "down", "status", "doctor", "top", "login", "logout", "logged-in", "token"}
OF_KAFKA = {"topics apply", "events tail"}
OF_THE_ARCHIVE = {f"archive {name}" for name in ("list", "verify", "retention", "hold", "release")}
OF_THE_LOG = {"replay", "export", "evidence"}


def commands(command, path: str = "") -> Iterator[tuple[str, str]]:
    """Every command with its help."""
    parts = getattr(command, "commands", {})
    for name, part in parts.items():
        yield from commands(part, f"{path} {name}".strip())
    if not parts:
        yield path, command.help or ""


HELPS = dict(commands(typer.main.get_command(app)))


def test_no_two_commands_have_one_name() -> None:
    """The later would hide the earlier silently."""
    names = [name for name, _ in commands_of(app)]
    assert sorted(names) == sorted(set(names))


def test_every_command_says_who_may_give_it() -> None:
    machine = OF_THIS_MACHINE | OF_KAFKA | OF_THE_ARCHIVE | OF_THE_LOG
    assert set(ROLES) == set(HELPS) - machine
    assert set(RPCS) | READS == set(ROLES)
    for name, roles in ROLES.items():
        assert HELPS[name].endswith(f"\n\nRoles: {roles}."), name


@pytest.mark.parametrize(("name", "access"), RPCS.items(), ids=RPCS)
def test_the_roles_are_those_of_the_service(name: str, access: Access) -> None:
    if access.roles == EVERY_ROLE:
        assert ROLES[name].startswith("every role")
    else:
        assert set(re.findall(r"[A-Z]{4,}", ROLES[name])) == access.roles
