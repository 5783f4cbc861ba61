"""The `ordermesh` command.

Exit codes: 0 done, 2 wrong usage, 3 refused by the mesh, 4 the mesh does not answer,
5 not logged in, 6 the order was rejected or closed without being filled.
"""

import typer

from meshctl.commands import demo, limits, orders, prices, resolve, session
from meshctl.stack import commands as stack

app = typer.Typer(
    name="ordermesh",
    help=__doc__,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
for part in (stack, session, orders, resolve, limits, prices, demo):
    part.register(app)


def main() -> None:
    """Run the command line."""
    app()
