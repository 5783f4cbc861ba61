"""What all commands share: running a coroutine, reporting errors, exit codes, output."""

import asyncio
import functools
import inspect
import json
import re
import shutil
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any, Concatenate, Final, NoReturn, ParamSpec

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kernel import decimals
from meshctl.client import local_mesh
from meshctl.session import SessionFile
from meshctl.stack.home import Home, find_home
from meshctl.stack.settings import stack_settings
from ordermesh.marketdata.v1 import instrument_pb2
from ordermesh.type.v1 import error_pb2
from ordermesh_client import MeshClient, MeshRefusedError, MeshUnreachableError, NotLoggedInError

EXIT_OK: Final = 0
EXIT_USAGE: Final = 2
EXIT_REFUSED: Final = 3
EXIT_UNREACHABLE: Final = 4
EXIT_NOT_LOGGED_IN: Final = 5
EXIT_ORDER_NOT_DONE: Final = 6
# A file has no window: its tables are not made narrow.
PIPED_COLUMNS: Final = 200
_HOW_TO_RUN: Final = "`ordermesh status` shows what runs, `ordermesh up` starts it"

console = Console()
if not console.is_terminal:
    console.width = shutil.get_terminal_size((PIPED_COLUMNS, 24)).columns  # COLUMNS, if it is set
errors = Console(stderr=True, soft_wrap=True)

Options = ParamSpec("Options")


class _Output:
    """How this command, the only one of its process, prints, and whose login it uses."""

    as_json = False
    username = ""


def speak_json(value: bool) -> bool:
    """Print errors and results of this command as JSON."""
    _Output.as_json = value
    return value


def _use_login(username: str) -> str:
    _Output.username = username
    return username


AsOption = Annotated[
    str,
    typer.Option(
        "--as", metavar="USER", callback=_use_login,
        help="Use the login of this user, not the current one: `ordermesh --as rita kill list`.",
    ),
]  # fmt: skip
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="One JSON object per line, for programs.", callback=speak_json),
]
AccountOption = Annotated[
    str, typer.Option("--account", help="Account; the first of the login if not given.")
]


def current_home() -> Home:
    """Folder of the stack; by default ORDERMESH_HOME, else the nearest one upwards from here."""
    return find_home(stack_settings().home, Path.cwd())


def run(work: Callable[[MeshClient], Awaitable[int | None]]) -> NoReturn:
    """Run a command against the local mesh and leave with its exit code."""
    try:
        code = asyncio.run(_with_client(work))
    except MeshRefusedError as error:
        _print_refused(error)
        code = EXIT_NOT_LOGGED_IN if error.code == "UNAUTHENTICATED" else EXIT_REFUSED
    except MeshUnreachableError as error:
        _print_error("cannot connect", "UNREACHABLE", f"{error}: {_HOW_TO_RUN}")
        code = EXIT_UNREACHABLE
    except NotLoggedInError as error:
        _print_error("not logged in", "NOT_LOGGED_IN", _not_logged_in(str(error)))
        code = EXIT_NOT_LOGGED_IN
    except KeyboardInterrupt:
        code = EXIT_OK
    raise typer.Exit(code or EXIT_OK)


def with_mesh(
    work: Callable[Concatenate[MeshClient, Options], Awaitable[int | None]],
) -> Callable[Options, NoReturn]:
    """Make a command of a coroutine: its options are all parameters but the first, the client."""

    @functools.wraps(work)
    def command(*args: Options.args, **options: Options.kwargs) -> NoReturn:
        run(lambda mesh: work(mesh, *args, **options))

    signature = inspect.signature(work)
    shown = list(signature.parameters.values())[1:]
    command.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]
    return command


def print_second_person(command: str) -> None:
    """Print the command by which another person confirms what was proposed."""
    say(f"another person: `ordermesh {command}`")


def _print_refused(error: MeshRefusedError) -> None:
    _print_error("refused", error.reason, error.text, error.metadata)
    if _Output.as_json:
        return
    field = error.metadata.get("field")
    if field and field not in error.text:
        errors.print(f"  field: {field}", highlight=False)
    if retry := error.metadata.get("retry_class"):
        errors.print(f"  {_advice(retry)}", highlight=False)


def _print_error(
    what: str, reason: str, text: str, metadata: Mapping[str, str] | None = None
) -> None:
    """Report an error on standard error; with --json as one object on one line."""
    if _Output.as_json:
        fault = {"reason": reason, "message": text, "metadata": dict(metadata or {})}
        typer.echo(json.dumps({"error": fault}), err=True)
        return
    named = f" {reason}:" if what == "refused" else ":"
    errors.print(f"[red]{what}[/]{named} {escape(text)}", highlight=False)


async def _with_client(work: Callable[[MeshClient], Awaitable[int | None]]) -> int | None:
    async with local_mesh(current_home(), username=_Output.username) as mesh:
        return await work(mesh)


def chosen_login() -> str:
    """Return the user of `--as`; empty if it was not given."""
    return _Output.username


def _not_logged_in(text: str) -> str:
    """Say who is not logged in, what to do, and who is."""
    named = _Output.username
    others = [name for name in SessionFile(current_home()).usernames() if name != named]
    text = f"{text}: `ordermesh login {named or 'alice'}`"
    return f"{text}; logged in here: {', '.join(others)} (`--as USER`)" if others else text


def _advice(retry_class: str) -> str:
    return {
        "RETRYABLE": "the same command may work in a moment",
        "FIX_INPUT": "change the command",
        "NOT_ALLOWED": "a right or a limit forbids it: repeating it does not help",
        "WAIT_UNTIL": "it works when the named condition has passed",
    }.get(retry_class, retry_class)


def usage_error(text: str) -> NoReturn:
    """Leave with the usage exit code; with --json the error is an object, as a refusal is."""
    _print_error("usage", "USAGE", text)
    raise typer.Exit(EXIT_USAGE)


_TYPED: Final = re.compile(
    r"(-?)(\d*|[1-9]\d{0,2}(?:,\d{3})+)(?:\.(\d*))?([km]?)", re.IGNORECASE | re.ASCII
)
_POWERS: Final = {"": 0, "k": 3, "m": 6}


def number(typed: str) -> str:
    """Return a typed decimal as the contracts have it: "240.50" is "240.5", "1.5k" is "1500".

    Commas may stand between groups of three digits, which 0,500 is not: elsewhere it is a half. k
    is thousands, m millions. What is no decimal stays as it was typed; the mesh says what is wrong
    with it.
    """
    match = _TYPED.fullmatch(typed.strip())
    if match is None or not (match[2] or match[3]):
        return typed
    power = _POWERS[match[4].lower()]
    fraction = (match[3] or "").ljust(power, "0")
    whole = match[2].replace(",", "") + fraction[:power]
    try:
        return decimals.canonical(f"{match[1]}{whole or '0'}.{fraction[power:]}")
    except ValueError:
        return typed


def table(*columns: str, whole: tuple[str, ...] = (), title: str = "") -> Table:
    """Make a table that fits a narrow window.

    Args:
        columns: Headings.
        whole: Columns whose values are never cut or broken, because people copy them.
        title: Line above.
    """
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title or None, title_justify="left")
    for name in columns:
        made.add_column(name, no_wrap=name in whole, overflow="fold")
    return made


def as_line(message: Message) -> str:
    """Write a message as one line of JSON with the field names of the protos."""
    return json.dumps(MessageToDict(message, preserving_proto_field_name=True))


def emit(value: Message | dict[str, Any]) -> None:
    """Print one JSON object on a line of its own."""
    typer.echo(as_line(value) if isinstance(value, Message) else json.dumps(value))


def checked_desk(desk: str) -> str:
    """Return a desk; exit with the usage code unless it is FIRM/DESK, its one spelling."""
    firm, _, name = desk.partition("/")
    if desk and not (firm and name):
        usage_error(f"--desk is {desk!r}; it should be FIRM/DESK, as in DEMO/CASH")
    return desk


def first_account(mesh: MeshClient) -> str:
    """Return the login's first account; exit with the usage code when it has none."""
    if not mesh.session.accounts:
        usage_error(f"{mesh.session.username} has no account: give --account")
    return mesh.session.accounts[0]


def enum_word(enum: Any, value: int) -> str:
    """Name a value of an enum of the contracts without its prefix: "ENGAGED"."""
    name = str(enum.Name(value))
    prefix = str(enum.Name(0)).removesuffix("UNSPECIFIED")
    return name.removeprefix(prefix)


def when(stamp: Timestamp) -> str:
    """Show a time: "2027-01-02 03:04:05Z", empty when it is not set."""
    if not stamp.seconds:
        return ""
    return stamp.ToDatetime(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def rejected(rejection: error_pb2.Rejection) -> MeshRefusedError:
    """Turn the refusal of one item into the error that a refused call raises."""
    metadata = {"field": rejection.field}
    if rejection.retry_class:
        metadata["retry_class"] = enum_word(error_pb2.RetryClass, rejection.retry_class)
    return MeshRefusedError(
        "FAILED_PRECONDITION",
        enum_word(error_pb2.ErrorReason, rejection.reason),
        rejection.text,
        metadata,
    )


def say(*parts: Any, **style: Any) -> None:
    """Print words as they are: no colours of values, no line breaks for a narrow window."""
    console.print(*parts, highlight=False, soft_wrap=True, **style)


def show(values: Iterable[Message], shown: Table, nothing: str, *, as_json: bool) -> None:
    """Print objects as lines of JSON, or the table they were put in."""
    if as_json:
        for one in values:
            emit(one)
    elif shown.row_count:
        console.print(shown)
    else:
        console.print(nothing)


async def resolve(
    mesh: MeshClient, symbol: str, *, any_listing: bool = False
) -> instrument_pb2.Instrument:
    """Find the listing for "ASML", "ASML.SIMA", or a symbol as the venue writes it: "BRK.B".

    If several listings have the symbol, a line says which one is meant, unless the caller needs
    only the instrument, which any listing shows.
    """
    wanted = symbol.upper()
    found = [
        one
        for one in await mesh.instruments(wanted.partition(".")[0])
        if wanted in {one.instrument_id, one.symbol, one.isin}
        or wanted in {one.venue_symbol.upper(), f"{one.venue_symbol.upper()}.{one.venue_mic}"}
    ]
    # Two symbols of a venue may differ in nothing but small letters.
    exact = [
        one for one in found if symbol in {one.venue_symbol, f"{one.venue_symbol}.{one.venue_mic}"}
    ]
    found = exact or found
    if not found:
        raise MeshRefusedError(
            "NOT_FOUND",
            "INSTRUMENT_NOT_FOUND",
            f"no listing {symbol!r}: `ordermesh instruments`",
            {},
        )
    currencies = sorted({one.currency for one in found if one.isin == wanted})
    if len(currencies) > 1:
        listings = ", ".join(f"{one.instrument_id} in {one.currency}" for one in found)
        raise MeshRefusedError(
            "INVALID_ARGUMENT",
            "INVALID_FIELD",
            f"ISIN {wanted} is traded in {', '.join(currencies)}; name a listing: {listings}",
            {"field": "instrument_id", "value": wanted, "expected": "one listing"},
        )
    if len(found) > 1 and not any_listing and not _Output.as_json:
        others = ", ".join(one.instrument_id for one in found[1:])
        errors.print(
            f"{symbol} is {found[0].instrument_id} here (also listed: {others})", style="dim"
        )
    return found[0]
