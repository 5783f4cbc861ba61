"""Which roles may give which command; shown in the help of each.

A test compares this table with what the services allow.
"""

import inspect
from collections.abc import Iterator
from typing import Final

import typer
from typer.models import CommandInfo

ANYBODY: Final = "every role, for the accounts it may see"
OWN_ACCOUNTS: Final = "TRADER (a scope with an account of its own), RISK, OPERATOR"

ROLES: Final[dict[str, str]] = {
    "order": "TRADER",
    "orders": ANYBODY,
    "show": ANYBODY,
    "routing report": ANYBODY,
    "routing venues": "OPERATOR, RISK, AUDITOR",
    "routing put-back": "OPERATOR",
    "cancel": "TRADER",
    "cancel-all": "TRADER",
    "replace": "TRADER",
    "pause": "TRADER",
    "resume": "TRADER",
    "approve": "TRADER, RISK",
    "decline": "TRADER, RISK",
    "resolve": "RISK",
    "calendar": "every role",
    "instruments list": "every role",
    "instruments search": "every role",
    "instruments show": "every role",
    "instruments import": "OPERATOR",
    "instruments export": "every role",
    "instruments history": "every role",
    "instruments actions list": "every role",
    "instruments actions split": "OPERATOR",
    "instruments actions rename": "OPERATOR",
    "instruments actions delist": "OPERATOR",
    "instruments actions withdraw": "OPERATOR",
    "mass-cancel": OWN_ACCOUNTS,
    "go-flat": "TRADER, RISK",
    "positions": ANYBODY,
    "audit": "AUDITOR, RISK, OPERATOR",
    "logins": "AUDITOR, RISK, OPERATOR",
    "demo": "TRADER",
    "parked list": ANYBODY,
    "parked show": ANYBODY,
    "parked apply": "RISK",
    "parked state": "RISK",
    "parked discard": "RISK",
    "parked statements": ANYBODY,
    "parked confirm": "RISK",
    "parked decline": "RISK",
    "watch orders": ANYBODY,
    "watch quotes": "every role",
    "alerts add": "every role",
    "alerts list": "every role",
    "alerts remove": "every role",
    "alerts watch": "every role",
    "notifications list": ANYBODY,
    "notifications watch": ANYBODY,
    "notifications read": ANYBODY,
    "rules list": "every role",
    "rules set": "every role; --firm: RISK",
    "rules remove": "every role; of the firm: RISK",
    "destinations list": "every role; addresses: OPERATOR, RISK, AUDITOR",
    "destinations set": "OPERATOR",
    "destinations remove": "OPERATOR",
    "dead-letters list": "OPERATOR, RISK, AUDITOR",
    "dead-letters retry": "OPERATOR",
    "dead-letters discard": "OPERATOR",
    "candles": "every role",
    "trades": "every role",
    "history replay": "every role",
    "history export candles": "every role",
    "history export trades": "every role",
    "watch book": "every role",
    "kill engage": OWN_ACCOUNTS,
    "kill release": "RISK",
    "kill approve": "RISK",
    "kill list": "RISK, OPERATOR, AUDITOR, TRADER (what concerns its accounts)",
    "kill show": "RISK, OPERATOR, AUDITOR, TRADER (what concerns its accounts)",
    "limits status": f"{ANYBODY}; --set: RISK",
    "limits apply": "RISK",
    "limits list": ANYBODY,
    "limits set": "RISK",
    "limits end": "RISK",
    "limits history": ANYBODY,
    "limits usage": ANYBODY,
    "limits enable": "RISK",
    "limits override propose": "RISK",
    "limits override approve": "RISK",
    "limits override reject": "RISK",
    "limits override list": ANYBODY,
    "limits changes list": ANYBODY,
    "limits changes confirm": "RISK",
    "limits changes reject": "RISK",
    "sessions list": "OPERATOR, RISK, AUDITOR",
    "sessions show": "OPERATOR, RISK, AUDITOR",
    "sessions reset": "OPERATOR, RISK",
    "sessions approve": "OPERATOR, RISK",
    "sessions reject": "OPERATOR, RISK",
    "sessions disconnect": "OPERATOR",
    "sessions connect": "OPERATOR",
    "sessions hand-over": "OPERATOR",
    "sessions actions": "OPERATOR, RISK, AUDITOR",
    "recovery show": "OPERATOR, RISK, AUDITOR",
    "recovery confirm": "OPERATOR, RISK",
}
"""By command. Commands of this machine alone (`up`, `login`, `status`, `doctor`, `top`) need no
role, and those of Kafka (`topics`, `events`) and of the archive (`archive`) need rights there, and
those of the log (`replay`, `export`, `evidence`) in the database."""


def add_to_help(app: typer.Typer) -> None:
    """Add the roles to the help of every command."""
    for name, command in commands_of(app):
        if roles := ROLES.get(name):
            text = command.help or inspect.getdoc(command.callback) or ""
            command.help = f"{text}\n\nRoles: {roles}."


def commands_of(app: typer.Typer, path: str = "") -> Iterator[tuple[str, CommandInfo]]:
    """Yield every command that is registered, with its path."""
    for command in app.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "")
        yield f"{path}{name}", command
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from commands_of(group.typer_instance, f"{path}{group.name} ")
