"""`ordermesh limits` and `positions`: pre-trade controls and positions."""

from datetime import UTC, datetime
from typing import Annotated, Final, NoReturn

import typer

from mesh.names import called
from meshctl.commands.common import (
    AccountOption,
    JsonOption,
    console,
    emit,
    enum_word,
    first_account,
    run,
    say,
    show,
    table,
    usage_error,
    when,
    with_mesh,
)
from meshctl.commands.limits import limits_file, trading_status
from meshctl.commands.limits.limit_values import (
    AllowOption,
    CurrencyOption,
    DenyOption,
    ForAccountOption,
    ForDeskOption,
    ForFirmOption,
    InstrumentOption,
    KindWord,
    SelfMatchOption,
    ShortSaleOption,
    VenueOption,
    chosen_range,
    every_limit,
    every_limit_and_more,
    range_words,
    set_over,
    takes_values,
    values_words,
)
from meshctl.commands.limits.limits_in_force import print_in_force
from meshctl.commands.limits.overrides import overrides
from meshctl.commands.limits.proposed_changes import changes, print_change
from meshctl.commands.orders.ticket import AsOfOption, instant, moment
from ordermesh.oms.v1 import limit_pb2, limit_service_pb2, order_pb2
from ordermesh_client import MeshClient

RETRY_FOR_S: Final = 10.0

limits = typer.Typer(
    help="Pre-trade controls: limits, their use, overrides, trading states.", no_args_is_help=True
)
limits.add_typer(overrides, name="override")
limits.add_typer(changes, name="changes")
trading_status.register(limits)
limits_file.register(limits)

ALLOW: Final = limit_pb2.PERMISSION_MODE_ALLOW_LISTED
DENY: Final = limit_pb2.PERMISSION_MODE_DENY_LISTED
VersionOption = Annotated[
    int | None,
    typer.Option("--version", min=0, help="Newest version that you know; looked up if not given."),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Reason; recorded with the version.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(limits, name="limits")
    app.command()(positions)


@limits.command("list")
def list_limits(
    account: Annotated[str, typer.Option(help="Only those that apply to this account.")] = "",
    kind: Annotated[KindWord | None, typer.Option(help="Only of this kind.")] = None,
    at: Annotated[
        str,
        typer.Option("--at", "--as-of", help="As of: 2027-01-31T17:30 (UTC), or 2h ago."),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """List the limits in force, and the overrides, trading states and kill switches with them.

    A limit that counts for no order, or not for all, names the more specific ones.
    """
    request = limit_service_pb2.ListLimitsRequest(account_id=account, page_size=1000)
    if kind is not None:
        request.kind = limit_pb2.LimitKind.Value(f"LIMIT_KIND_{kind.name}")  # type: ignore[assignment]
    if at:
        request.at.CopyFrom(moment(at, datetime.now(UTC), "--at", past=True))

    async def work(mesh: MeshClient) -> None:
        print_in_force(await every_limit_and_more(mesh, request), as_json=as_json)

    run(work)


@limits.command("set")
@takes_values
def set_limit(
    kind: KindWord,
    reason: ReasonOption,
    account: ForAccountOption = "",
    desk: ForDeskOption = "",
    firm: ForFirmOption = "",
    instrument: InstrumentOption = "",
    venue: VenueOption = "",
    currency: CurrencyOption = "",
    *,
    values: limit_pb2.LimitValues,
    allow: AllowOption = None,
    deny: DenyOption = None,
    self_match: SelfMatchOption = None,
    short_sale: ShortSaleOption = False,
    since: Annotated[str, typer.Option("--from", help="Start; now if not given.")] = "",
    until: Annotated[str, typer.Option(help="End; until further notice if not given.")] = "",
    version: VersionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a limit, or a new version of it; another person must confirm a looser one.

    An error names the values that the kind needs.
    """
    if allow and deny:
        usage_error("give either --allow or --deny, not both")
    values.instruments.extend(allow or deny or ())
    values.short_sale_allowed = short_sale
    if allow or deny:
        values.permission = ALLOW if allow else DENY
    if self_match is not None:
        values.self_match = self_match.value_of()
    request = limit_service_pb2.SetLimitRequest(
        kind=f"LIMIT_KIND_{kind.name}", values=values, reason=reason,
        range=chosen_range(account, desk, firm, instrument, venue, currency),
    )  # fmt: skip
    _set_times(request, since, until)
    _set(request, version, as_json=as_json)


def _set_times(request: limit_service_pb2.SetLimitRequest, since: str, until: str) -> None:
    now = datetime.now(UTC)
    if since:
        request.valid_from.CopyFrom(moment(since, now, "--from"))
    if until:
        request.valid_until.CopyFrom(moment(until, now, "--until"))


def _set(
    request: limit_service_pb2.SetLimitRequest, version: int | None, *, as_json: bool
) -> NoReturn:
    async def work(mesh: MeshClient) -> None:
        if version is None:
            asked = limit_service_pb2.ListLimitsRequest(kind=request.kind, page_size=1000)
            known = [one for one in await every_limit(mesh, asked) if one.range == request.range]
            request.expected_version = max((one.version for one in known), default=0)
            _print_answer(await set_over(mesh, request), as_json=as_json)
            return
        request.expected_version = version
        answer = await mesh.call(mesh.limits.SetLimit, request, RETRY_FOR_S)
        _print_answer(answer, as_json=as_json)

    run(work)


@limits.command()
@with_mesh
async def end(
    mesh: MeshClient,
    limit_id: str,
    reason: ReasonOption,
    version: VersionOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a limit; another person must confirm it."""
    newest = version or (await _history(mesh, limit_id))[-1].version
    request = limit_service_pb2.EndLimitRequest(
        limit_id=limit_id, expected_version=newest, reason=reason
    )
    answer = await mesh.call(mesh.limits.EndLimit, request, RETRY_FOR_S)
    _print_answer(answer, as_json=as_json)


@limits.command()
@with_mesh
async def history(mesh: MeshClient, limit_id: str, as_json: JsonOption = False) -> None:
    """Show every version of a limit: who, when, why, from, until."""
    found = await _history(mesh, limit_id)
    shown = table("version", "values", "from", "until", "set", "by", "why")
    for one in found:
        shown.add_row(
            str(one.version), "ended" if one.ended else values_words(one.values),
            when(one.valid_from), when(one.valid_until), when(one.set_at),
            _signed(one), one.reason,
        )  # fmt: skip
    show(found, shown, "no versions", as_json=as_json)


@limits.command()
@with_mesh
async def usage(mesh: MeshClient, account: AccountOption = "", as_json: JsonOption = False) -> None:
    """Show how far an account has used its limits, and which strategies are stopped."""
    request = limit_service_pb2.GetUsageRequest(account_id=account or first_account(mesh))
    answer = await mesh.call(mesh.limits.GetUsage, request)
    if as_json:
        emit(answer)
        return
    shown = table("kind", "of", "used", "of at most", "limit", whole=("limit",))
    for one in answer.uses:
        most = f"{one.maximum} {one.unit}".strip() or values_words(one.limit.values)
        override = f" (override {one.override_id})" if one.override_id else ""
        shown.add_row(
            _kind(one.limit), one.subject, one.used, f"{most}{override}", one.limit.limit_id
        )
    status = enum_word(order_pb2.AccountStatus, answer.status)
    console.print(f"{answer.account_id} is {status}", highlight=False)
    show(answer.uses, shown, "no limits", as_json=False)
    for stop in answer.stops:
        side = enum_word(order_pb2.Side, stop.side)
        say(
            f"stopped: {stop.strategy} {side} {stop.instrument_id} after {stop.executions} "
            f"executions at {when(stop.stopped_at)}: `ordermesh limits enable`",
            style="red",
            markup=False,
        )


@limits.command()
def enable(
    strategy: Annotated[str, typer.Argument(help="The name in `limits usage`.")],
    instrument: Annotated[str, typer.Argument(help="ASML.SIMA")],
    side: Annotated[str, typer.Argument(help="buy, sell, sell_short.")],
    reason: ReasonOption,
    account: AccountOption = "",
    as_json: JsonOption = False,
) -> None:
    """Enable a strategy again that the repeated-execution throttle stopped."""
    if (name := f"SIDE_{side.upper()}") not in order_pb2.Side.keys():  # noqa: SIM118  not a dict
        usage_error(f"side is {side!r}; it should be buy or sell")

    async def work(mesh: MeshClient) -> None:
        request = limit_service_pb2.EnableStrategyRequest(
            account_id=account or first_account(mesh), strategy=strategy,
            instrument_id=instrument, side=name, reason=reason,
        )  # fmt: skip
        answer = await mesh.call(mesh.limits.EnableStrategy, request, RETRY_FOR_S)
        if as_json:
            emit(answer)
        else:
            console.print(f"{strategy} may trade {instrument} again", highlight=False)

    run(work)


@with_mesh
async def positions(
    mesh: MeshClient,
    account: AccountOption = "",
    as_of: AsOfOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show the positions of an account; with --as-of as they stood then."""
    request = limit_service_pb2.ListPositionsRequest(account_id=account or first_account(mesh))
    if as_of:
        request.as_of.CopyFrom(instant(as_of))
    found = (await mesh.call(mesh.limits.ListPositions, request)).positions
    shown = table("ISIN", "quantity", "average", "realised", "currency", whole=("ISIN",))
    for one in found:
        shown.add_row(one.isin, one.quantity, one.average_price, one.realised_profit, one.currency)
    show(found, shown, "no positions", as_json=as_json)


async def _history(mesh: MeshClient, limit_id: str) -> list[limit_pb2.Limit]:
    request = limit_service_pb2.ListLimitHistoryRequest(limit_id=limit_id)
    found: list[limit_pb2.Limit] = []
    while page := list((await mesh.call(mesh.limits.ListLimitHistory, request)).versions):
        found += page
        request.after_version = page[-1].version
    return found


def _kind(limit: limit_pb2.Limit) -> str:
    return enum_word(limit_pb2.LimitKind, limit.kind)


def _signed(limit: limit_pb2.Limit) -> str:
    """Return who set a version, and who confirmed it."""
    first = called(limit.set_by, limit.set_by_name)
    if not limit.confirmed_by:
        return first
    return f"{first}, {called(limit.confirmed_by, limit.confirmed_by_name)}"


def _print_answer(
    answer: limit_service_pb2.SetLimitResponse | limit_service_pb2.EndLimitResponse,
    *,
    as_json: bool,
) -> None:
    if answer.HasField("proposed"):
        print_change(answer.proposed, as_json=as_json)
    else:
        _print(answer.limit, as_json=as_json)


def _print(limit: limit_pb2.Limit, *, as_json: bool) -> None:
    if as_json:
        emit(limit)
        return
    what = "ended" if limit.ended else values_words(limit.values)
    say(
        f"{limit.limit_id}  {_kind(limit)} {range_words(limit.range)}: {what}  "
        f"version {limit.version}"
    )
