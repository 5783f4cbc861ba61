"""The `ordermesh` command.

Exit codes: 0 done, 1 an archive is not as it was written, 2 wrong usage, 3 refused by the
mesh, 4 the mesh does not answer, 5 not logged in, 6 not done: the order was rejected or closed
without being filled, or a kill switch or mass cancel has not reached everything yet.
"""

import sys

import typer

from mesh.settings import SettingsError
from meshctl.commands import alerts, approvals, archive, audit, demo, events, kill, prices
from meshctl.commands import login as session
from meshctl.commands.common import EXIT_USAGE, AsOption
from meshctl.commands.history import past
from meshctl.commands.instruments import instruments
from meshctl.commands.limits import limits
from meshctl.commands.notify import destinations, notifications, rules
from meshctl.commands.orders import flat, orders, show, venue_report
from meshctl.commands.roles import add_to_help
from meshctl.commands.usage import Commands
from meshctl.commands.venue import parked, recovery, resolve, sessions
from meshctl.stack import commands as stack
from meshctl.watch import doctor, top


def _options(as_user: AsOption = "") -> None:
    """Take the options that stand before a command."""


app = typer.Typer(
    name="ordermesh",
    cls=Commands,
    help=__doc__,
    callback=_options,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
for part in (
    stack,
    doctor,
    top,
    session,
    orders,
    show,
    venue_report,
    approvals,
    resolve,
    parked,
    instruments,
    prices,
    alerts,
    notifications,
    rules,
    destinations,
    past,
    kill,
    flat,
    limits,
    sessions,
    recovery,
    audit,
    events,
    archive,
    demo,
):
    part.register(app)
add_to_help(app)


def main() -> None:
    """Run the command line; report wrong settings of the environment in one line."""
    try:
        app()
    except SettingsError as error:
        typer.echo(f"usage: {error}", err=True)
        sys.exit(EXIT_USAGE)
