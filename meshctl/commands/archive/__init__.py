"""`ordermesh archive`: the event archive; docs/ARCHIVE.md explains it."""

import importlib
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from meshctl.commands.common import current_home, usage_error
from meshctl.stack.settings import stack_settings

YEARS: Final = 7
archive = typer.Typer(
    no_args_is_help=True, help="The archive of the log in Kafka; docs/ARCHIVE.md explains it."
)
PlaceArgument = Annotated[
    str,
    typer.Argument(
        metavar="[DIR]",
        help="The archive; by default ORDERMESH_ARCHIVE, else that of the local stack.",
        show_default=False,
    ),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept in the archive.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(archive, name="archive")


@archive.command("list")
def list_(
    place: PlaceArgument = "",
    files: Annotated[
        bool, typer.Option("--files", help="Each file, one JSON object per line.")
    ] = False,
) -> None:
    """Show what the archive has, by topic and day, and the legal holds."""
    _work().show(_place(place), files=files)


@archive.command()
def verify(
    place: PlaceArgument = "",
    key: Annotated[
        Path | None,
        typer.Option(help="Public key of the checkpoints; those in the archive are compared."),
    ] = None,
    against: Annotated[
        list[Path] | None, typer.Option(help="A signed checkpoint that was kept elsewhere.")
    ] = None,
    begins_later: Annotated[
        bool,
        typer.Option(
            "--begins-later",
            help="The order book had archived its oldest entries before the log was copied.",
        ),
    ] = False,
) -> None:
    """Name each event or file that was changed, or is missing, doubled or in another order.

    Exit code 1 if there is any.
    """
    _work().verify(_place(place), key, tuple(against or ()), begins_later=begins_later)


@archive.command()
def retention(
    place: PlaceArgument = "",
    years: Annotated[int, typer.Option(help="Age at which a file may go; 5 or more.")] = YEARS,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove them; without it they are only shown.")
    ] = False,
) -> None:
    """Show the files that are old enough to go, and what holds some; remove the others.

    Only whole files go, when their newest entry is old enough and no legal hold covers them.
    """
    _work().retain(_place(place), years, remove=remove)


@archive.command()
def hold(
    reason: ReasonOption,
    place: PlaceArgument = "",
    account: Annotated[
        str, typer.Option("--account", help="Only what has events of this account.")
    ] = "",
    everything: Annotated[bool, typer.Option("--everything", help="The whole archive.")] = False,
    not_archived_yet: Annotated[
        bool,
        typer.Option(
            "--not-archived-yet",
            help="The archive has no event of the account yet; without this option the hold is "
            "refused then.",
        ),
    ] = False,
) -> None:
    """Set a legal hold: what it covers is not removed, whatever its age."""
    if bool(account) == everything:
        usage_error("give --account ACCOUNT or --everything")
    _work().hold(_place(place), account, reason, not_archived_yet=not_archived_yet)


@archive.command()
def release(
    number: Annotated[int, typer.Argument(help="Of the hold; `ordermesh archive list` shows it.")],
    reason: ReasonOption,
    place: PlaceArgument = "",
) -> None:
    """End a legal hold."""
    _work().release(_place(place), number, reason)


def _place(given: str) -> str:
    return given or stack_settings().archive or str(current_home().event_archive)


def _work() -> Any:
    """Load what reads Parquet: no other command needs it, and it takes a while."""
    try:
        return importlib.import_module("meshctl.commands.archive.work")
    except ImportError:
        usage_error("the archive needs pyarrow: `pip install 'ordermesh[parquet]'`")
