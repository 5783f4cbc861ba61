"""`ordermesh login`, `logout`, `logged-in` and `token`."""

import json
import sys
from typing import Annotated

import typer

from meshctl.commands.common import (
    JsonOption,
    chosen_login,
    console,
    current_home,
    emit,
    usage_error,
    with_mesh,
)
from meshctl.session import SessionFile
from ordermesh_client import MeshClient


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(login)
    app.command()(logout)
    app.command("logged-in")(logged_in)
    app.command()(token)


@with_mesh
async def login(
    mesh: MeshClient,
    username: Annotated[str, typer.Argument(help="User name, such as the demo user alice.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Log in; later commands use it. Demo users need no password on the machine of the stack.

    Several users may be logged in: `ordermesh --as USER` uses another login than the last one.
    """
    if chosen_login() not in {"", username}:
        usage_error(f"--as is {chosen_login()!r}; leave it out, or give {username!r}")
    password = _password(username, from_stdin=password_stdin)
    session = await mesh.login(username, password)
    if not chosen_login():
        SessionFile(current_home()).choose(username)
    if as_json:
        emit({"username": session.username, "accounts": list(session.accounts)})
    else:
        accounts = ", ".join(session.accounts) or "none"
        console.print(f"logged in as [bold]{session.username}[/], accounts: {accounts}")


@with_mesh
async def logout(mesh: MeshClient) -> None:
    """End the login here and at the mesh."""
    await mesh.logout()
    console.print("logged out")


def logged_in(as_json: JsonOption = False) -> None:
    """List who is logged in here; a star marks the login that commands use without --as."""
    kept = SessionFile(current_home())
    for name in kept.usernames():
        current = name == kept.current()
        if as_json:
            emit({"username": name, "current": current})
        else:
            console.print(f"{'*' if current else ' '} {name}", highlight=False, markup=False)


@with_mesh
async def token(mesh: MeshClient) -> None:
    """Print an access token for other programs; it is valid for at least a minute."""
    typer.echo(await mesh.token())


def _password(username: str, *, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    users_file = current_home().users_file
    if users_file.exists():
        known = json.loads(users_file.read_text("utf-8"))
        if username in known:
            return str(known[username]["password"])
    if not sys.stdin.isatty():
        usage_error(f"there is no terminal to ask for {username}'s password: use --password-stdin")
    return str(typer.prompt("password", hide_input=True))
