"""Demo users and accounts: made by the local stack only, passwords random."""

import json
import secrets
from dataclasses import dataclass

from meshctl.stack.home import Home, write_private


@dataclass(frozen=True)
class DemoUser:
    """A user the local stack creates."""

    username: str
    display_name: str
    role: str
    accounts: tuple[str, ...]


DEMO_USERS = (
    DemoUser("alice", "Alice (trader)", "TRADER", ("ACC-ALICE",)),
    DemoUser("bob", "Bob (trader)", "TRADER", ("ACC-BOB",)),
    DemoUser("vera", "Vera (viewer)", "VIEWER", ("ACC-ALICE",)),
    DemoUser("oscar", "Oscar (operator)", "OPERATOR", ()),
    DemoUser("audrey", "Audrey (auditor)", "AUDITOR", ()),
    # Two, because one of them must approve what the other proposes.
    DemoUser("rita", "Rita (risk)", "RISK", ()),
    DemoUser("ravi", "Ravi (risk)", "RISK", ()),
)
DEMO_ACCOUNTS = {"ACC-ALICE": "Alice's account", "ACC-BOB": "Bob's account"}


def ensure_passwords(home: Home) -> dict[str, str]:
    """Return the demo users' passwords, made at the first call."""
    known: dict[str, dict[str, object]] = {}
    if home.users_file.exists():
        known = json.loads(home.users_file.read_text("utf-8"))
    for user in DEMO_USERS:
        if user.username not in known:
            known[user.username] = {
                "password": secrets.token_urlsafe(9),
                "role": user.role,
                "accounts": list(user.accounts),
            }
    write_private(home.users_file, json.dumps(known, indent=1))
    return {name: str(entry["password"]) for name, entry in known.items()}


def user_lines(passwords: dict[str, str]) -> list[str]:
    """Return the demo users as `svc_identity.admin ensure-users` reads them."""
    return [
        json.dumps(
            {
                "username": user.username,
                "password": passwords[user.username],
                "display_name": user.display_name,
                "roles": [user.role],
                "accounts": list(user.accounts),
            }
        )
        for user in DEMO_USERS
    ]
