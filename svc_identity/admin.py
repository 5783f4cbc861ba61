"""Administration: `python -m svc_identity.admin migrate|ensure-user|...`.

Passwords come from standard input, never from the command line, which every user of
the machine can read.
"""

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from eventlog.rights import ReaderName
from kernel.clock import SystemClock
from kernel.ulid import new_ulid
from mesh import checkpoints
from mesh.checkpoint_copies import copy_checkpoints
from mesh.settings import SettingsError, load_settings
from svc_identity.adapters.passwords import Argon2Passwords
from svc_identity.adapters.postgres.evidence import PostgresEvidence, read_only
from svc_identity.adapters.postgres.migrate import let_read_logs
from svc_identity.adapters.postgres.migrate import migrate as migrate_schema
from svc_identity.adapters.postgres.store import PostgresStore, open_engine
from svc_identity.adapters.postgres.tables import SCHEMA
from svc_identity.adapters.signing import SigningKeyError, write_new_key
from svc_identity.domain.errors import InvalidUserError
from svc_identity.domain.users import Role
from svc_identity.service import users
from svc_identity.service.ports import Store, StoreUnavailableError
from svc_identity.service.verification import verify_identity
from svc_identity.settings import IdentitySettings
from svc_identity.user_lines import UserLine, read_user_lines

T = TypeVar("T")
EXIT_DIFFERENCE = 1
EXIT_REFUSED = 2
EXIT_UNAVAILABLE = 3

app = typer.Typer(
    help="Administer the users of Ordermesh.", no_args_is_help=True, pretty_exceptions_enable=False
)
By = Annotated[
    str,
    typer.Option("--by", help="Who orders it, for the audit log; by default the system's user."),
]
Username = Annotated[str, typer.Option("--username", help="Login name.")]


@app.command()
def migrate(
    service_role: Annotated[
        str,
        typer.Option(
            "--service-role",
            help="Role that the service connects as; it gets the rights it needs. Without it the "
            "service uses the role of ORDERMESH_DATABASE_URL, which owns the tables.",
        ),
    ] = "",
) -> None:
    """Bring the schema `identity` up to date."""
    revision = asyncio.run(migrate_schema(_database_url(), service_role))
    typer.echo(f"schema identity is at revision {revision}")


@app.command("grant-log-reader")
def grant_log_reader(
    reader: Annotated[
        ReaderName, typer.Argument(help="Service that reads; it gets the views that it needs.")
    ],
    role: Annotated[str, typer.Argument(help="Role that it connects as; it must exist.")],
) -> None:
    """Let a service read what it needs of this schema; run this as the owner."""
    asyncio.run(let_read_logs(_database_url(), reader, role))
    typer.echo(f"{role} may read what {reader} needs of the schema identity")


@app.command("ensure-user")
def ensure_user(
    username: Username,
    roles: Annotated[list[Role], typer.Option("--role", help="May be given more than once.")],
    display_name: Annotated[str, typer.Option("--display-name", help="Name for people.")] = "",
    accounts: Annotated[
        list[str] | None, typer.Option("--account", help="May be given more than once.")
    ] = None,
    prices: Annotated[
        list[str] | None,
        typer.Option(
            "--prices",
            help="Right to the prices of a venue, as in SIMB=DELAYED; see set-prices. Without it a "
            "known user keeps those it has, and a new one gets *=REAL_TIME.",
        ),
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    by: By = "",
) -> None:
    """Add a user, or update and enable the user with this name."""
    if not password_stdin:
        _fail("give --password-stdin and pass the password on standard input", EXIT_REFUSED)
    password = sys.stdin.read().removesuffix("\n")

    line = UserLine(
        username, password, frozenset(roles), display_name or username, frozenset(accounts or ()),
        frozenset(prices) if prices else None,
    )  # fmt: skip
    _ensure([line], by)


@app.command("ensure-users")
def ensure_users(by: By = "") -> None:
    """Do as ensure-user for many users, one JSON object a line of standard input.

    Its fields are username, password and roles, and where wanted display_name, accounts, prices.
    All lines are read before the first user is written.
    """
    try:
        lines = read_user_lines(sys.stdin)
    except ValueError as error:
        _fail(str(error), EXIT_REFUSED)
    _ensure(lines, by)


def _ensure(lines: list[UserLine], by: str) -> None:
    async def run(store: Store) -> None:
        with Argon2Passwords() as passwords:
            for line in lines:
                user = await users.ensure_user(
                    store,
                    passwords,
                    new_user_id=new_ulid(SystemClock().now_ns()),
                    username=line.username,
                    display_name=line.display_name,
                    password=line.password,
                    roles=line.roles,
                    accounts=line.accounts,
                    price_rights=line.prices,
                    clock=SystemClock(),
                    by=by or _who(),
                )
                typer.echo(f"user {user.username} ({user.user_id}) is in place")

    _with_store(run)


@app.command("list-users")
def list_users() -> None:
    """List all users, one per line."""
    for user in _with_store(users.list_users):
        roles = ",".join(sorted(role.value for role in user.roles))
        accounts = ",".join(sorted(user.accounts)) or "-"
        state = "disabled" if user.disabled else "enabled"
        prices = ",".join(sorted(user.price_rights)) or "-"
        typer.echo(f"{user.username}\t{user.user_id}\t{state}\t{roles}\t{accounts}\t{prices}")


@app.command("set-prices")
def set_prices(
    username: Username,
    prices: Annotated[
        list[str],
        typer.Argument(
            help="Rights to prices, as in SIMB=DELAYED '*=REAL_TIME': a venue, and REAL_TIME, "
            "DELAYED or NONE; * is every venue that is not named. They replace the user's rights."
        ),
    ],
    by: By = "",
) -> None:
    """Set which venues' prices a user may read; open streams have the new rights within 12 s."""

    async def run(store: Store) -> str:
        user = await users.set_price_rights(
            store, username, frozenset(prices), clock=SystemClock(), by=by or _who()
        )
        return f"user {user.username} may read {', '.join(sorted(user.price_rights))}"

    typer.echo(_with_store(run))


@app.command("disable-user")
def disable_user(username: Username, by: By = "") -> None:
    """Disable a user and end its sessions."""

    async def run(store: Store) -> str:
        user = await users.disable_user(store, username, clock=SystemClock(), by=by or _who())
        return f"user {user.username} is disabled; its last access token expires within minutes"

    typer.echo(_with_store(run))


@app.command()
def verify(
    against: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint: find what was rewritten or cut since; repeatable."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="Public key of the checkpoints; with --against.")
    ] = None,
) -> None:
    """Check the logs of users and acts, and the users; exit code 1 on any difference."""
    try:
        known = checkpoints.read_checkpoints(against or (), key, SCHEMA)
    except checkpoints.CheckpointError as error:
        _fail(str(error), EXIT_REFUSED)
    report = _with_evidence(lambda logs: verify_identity(logs, known))
    for line in report.lines():
        typer.echo(line)
    raise typer.Exit(EXIT_DIFFERENCE if report.findings else 0)


@app.command()
def checkpoint(
    path: Annotated[
        Path, typer.Argument(help="A new file, or a folder for it, where the database is not.")
    ],
    key: Annotated[
        Path, typer.Option(help="The private key, of `svc_oms.admin new-checkpoint-key`.")
    ],
) -> None:
    """Write the newest entry of each chain, signed; `verify --against` compares with it later."""
    heads = _with_evidence(lambda logs: logs.heads())
    about = checkpoints.About(SCHEMA, "", datetime.now(UTC).isoformat(timespec="seconds"))
    try:
        path, count = checkpoints.write_checkpoint(path, key, about, heads)
    except checkpoints.CheckpointError as error:
        _fail(str(error), EXIT_REFUSED)
    typer.echo(f"{path}: the newest entries of {count} chains")
    _copy(path)


def _copy(path: Path) -> None:
    """Copy the checkpoint to the second place, if there is one."""
    place = load_settings(IdentitySettings).checkpoint_copy_to
    try:
        for line in copy_checkpoints(path, place) if place else ():
            typer.echo(line)
    except checkpoints.CheckpointError as error:
        _fail(str(error), EXIT_REFUSED)


@app.command("new-signing-key")
def new_signing_key(path: Path) -> None:
    """Make a signing key in a new file that only its owner can read."""
    try:
        typer.echo(f"key {write_new_key(path)} in {path}")
    except SigningKeyError as error:
        _fail(str(error), EXIT_REFUSED)


def _with_store(run: Callable[[Store], Awaitable[T]]) -> T:
    async def work() -> T:
        engine = open_engine(_database_url())
        try:
            return await run(PostgresStore(engine))
        finally:
            await engine.dispose()

    try:
        return asyncio.run(work())
    except InvalidUserError as error:
        _fail(str(error), EXIT_REFUSED)
    except StoreUnavailableError as error:
        _fail(f"the database cannot be used: {error.__cause__}", EXIT_UNAVAILABLE)


def _who() -> str:
    """Return the name of the system's user who runs this; the number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _with_evidence(run: Callable[[PostgresEvidence], Awaitable[T]]) -> T:
    async def work() -> T:
        engine = open_engine(_database_url())
        try:
            async with read_only(engine) as connection:
                return await run(PostgresEvidence(connection))
        finally:
            await engine.dispose()

    try:
        return asyncio.run(work())
    except StoreUnavailableError as error:
        _fail(f"the database cannot be used: {error.__cause__}", EXIT_UNAVAILABLE)


def _database_url() -> str:
    try:
        url = load_settings(IdentitySettings).database_url
    except SettingsError as error:
        _fail(str(error), EXIT_REFUSED)
    if not url:
        _fail("set ORDERMESH_DATABASE_URL to postgresql://user@host:port/database", EXIT_REFUSED)
    return url


def _fail(text: str, code: int) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    app()
