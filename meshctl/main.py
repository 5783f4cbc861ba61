"""The `ordermesh` command.

Exit codes: 0 done, 2 wrong usage, 3 refused by the mesh, 4 the mesh does not answer,
5 not logged in, 6 not done: the order was rejected or closed without being filled, or a
kill switch or mass cancel has not reached everything yet.
"""

import sys

import typer

from mesh.settings import SettingsError
from meshctl.commands import (
    approvals,
    audit,
    demo,
    flat,
    kill,
    limits,
    orders,
    parked,
    prices,
    recovery,
    resolve,
    session,
    sessions,
    show,
)
from meshctl.commands.common import EXIT_USAGE
from meshctl.stack import commands as stack

app = typer.Typer(
    name="ordermesh",
    help=__doc__,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
for part in (
    stack,
    session,
    orders,
    show,
    approvals,
    resolve,
    parked,
    prices,
    kill,
    flat,
    limits,
    sessions,
    recovery,
    audit,
    demo,
):
    part.register(app)


def main() -> None:
    """Run the command line; report wrong settings of the environment in one line."""
    try:
        app()
    except SettingsError as error:
        typer.echo(f"usage {error}", err=True)
        sys.exit(EXIT_USAGE)
