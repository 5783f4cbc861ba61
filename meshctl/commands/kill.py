"""`ordermesh kill` and `mass-cancel`."""

import asyncio
from typing import Annotated, Any, Final

import typer

from mesh.names import called
from meshctl.commands.common import (
    EXIT_OK,
    EXIT_ORDER_NOT_DONE,
    JsonOption,
    checked_desk,
    console,
    emit,
    enum_word,
    errors,
    print_second_person,
    run,
    say,
    show,
    table,
    usage_error,
    when,
    with_mesh,
)
from meshctl.commands.words import rejection_words, state_text
from ordermesh.oms.v1 import kill_switch_pb2, kill_switch_service_pb2
from ordermesh_client import MeshClient

RETRY_FOR_S: Final = 20.0
POLL_S: Final = 0.3
ORDERS_PER_PAGE: Final = 1000

kill = typer.Typer(
    help="Kill switches: block new orders, cancel open ones, report.", no_args_is_help=True
)

FirmOption = Annotated[str, typer.Option("--firm", help="Every account of this firm.")]
DeskOption = Annotated[
    str, typer.Option("--desk", help="Every account of this trading desk: FIRM/DESK.")
]
ScopeAccountOption = Annotated[str, typer.Option("--account", help="This account.")]
TraderOption = Annotated[
    str, typer.Option("--trader", help="Orders that this user placed: user name or id.")
]
AlgorithmOption = Annotated[str, typer.Option("--algorithm", help="Orders of this algorithm.")]
SessionOption = Annotated[str, typer.Option("--session", help="This FIX session: sima-orders.")]
VenueOption = Annotated[str, typer.Option("--venue", help="This venue: SIMA.")]
InstrumentOption = Annotated[str, typer.Option("--instrument", help="This listing: ASML.SIMA.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Reason; recorded and shown.")]
WaitOption = Annotated[
    float, typer.Option("--wait", min=0, help="Seconds to wait until every order has its outcome.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(kill, name="kill")
    app.command("mass-cancel")(mass_cancel)


@kill.command()
def engage(
    reason: ReasonOption,
    firm: FirmOption = "",
    desk: DeskOption = "",
    account: ScopeAccountOption = "",
    trader: TraderOption = "",
    algorithm: AlgorithmOption = "",
    session: SessionOption = "",
    venue: VenueOption = "",
    instrument: InstrumentOption = "",
    drill: Annotated[
        bool, typer.Option("--drill", help="Evaluate and report, but block and cancel nothing.")
    ] = False,
    wait: WaitOption = 10.0,
    as_json: JsonOption = False,
) -> None:
    """Block new orders and replaces in a scope, cancel the open ones. All given options must match.

    Exit code 6 when a session has not confirmed or an order could not be pulled in time.
    """
    scope = _scope(firm, desk, account, trader, algorithm, session, venue, instrument)
    request = kill_switch_service_pb2.EngageRequest(scope=scope, reason=reason, drill=drill)

    async def work(mesh: MeshClient) -> int:
        answer = await mesh.call(mesh.kill_switches.Engage, request, RETRY_FOR_S)
        _warn_of_nothing_met(answer.kill_switch)
        return await _report(mesh, answer.kill_switch, wait, as_json=as_json)

    run(work)


def mass_cancel(
    reason: ReasonOption,
    firm: FirmOption = "",
    desk: DeskOption = "",
    account: ScopeAccountOption = "",
    trader: TraderOption = "",
    algorithm: AlgorithmOption = "",
    session: SessionOption = "",
    venue: VenueOption = "",
    instrument: InstrumentOption = "",
    wait: WaitOption = 10.0,
    as_json: JsonOption = False,
) -> None:
    """Cancel every open order in a scope, and block nothing. All given options must match.

    Exit code 6 when an order could not be pulled in time.
    """
    scope = _scope(firm, desk, account, trader, algorithm, session, venue, instrument)
    request = kill_switch_service_pb2.MassCancelRequest(scope=scope, reason=reason)

    async def work(mesh: MeshClient) -> int:
        answer = await mesh.call(mesh.kill_switches.MassCancel, request, RETRY_FOR_S)
        _warn_of_nothing_met(answer.kill_switch)
        return await _report(mesh, answer.kill_switch, wait, as_json=as_json)

    run(work)


@kill.command()
@with_mesh
async def release(
    mesh: MeshClient, switch_id: str, reason: ReasonOption, as_json: JsonOption = False
) -> None:
    """Propose to release a switch; it stays in force until another person approves."""
    request = kill_switch_service_pb2.ProposeReleaseRequest(switch_id=switch_id, reason=reason)
    answer = await mesh.call(mesh.kill_switches.ProposeRelease, request)
    _print(answer.kill_switch, as_json=as_json)
    if not as_json:
        print_second_person(f"kill approve {switch_id}")


@kill.command()
@with_mesh
async def approve(mesh: MeshClient, switch_id: str, as_json: JsonOption = False) -> None:
    """Release a switch that another person proposed to release. No order is placed again."""
    request = kill_switch_service_pb2.ApproveReleaseRequest(switch_id=switch_id)
    answer = await mesh.call(mesh.kill_switches.ApproveRelease, request)
    _print(answer.kill_switch, as_json=as_json)


@kill.command("list")
@with_mesh
async def list_switches(
    mesh: MeshClient,
    in_force: Annotated[bool, typer.Option("--in-force", help="Only those that block.")] = False,
    most: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """List kill switches, drills and mass cancels, newest first."""
    request = kill_switch_service_pb2.KillSwitchServiceListRequest(
        in_force_only=in_force, page_size=most
    )
    found = (await mesh.call(mesh.kill_switches.List, request)).kill_switches
    shown = table("switch", "what", "state", "engaged", "by", "orders", whole=("switch", "state"))
    for one in found:
        shown.add_row(
            one.switch_id,
            f"{_kind(one)} {_scope_words(one.scope)}: {one.reason}",
            _state(one),
            when(one.engaged_at),
            called(one.engaged_by, one.engaged_by_name),
            _counts_words(one.counts),
        )
    show(found, shown, "no kill switches", as_json=as_json)


@kill.command("show")
@with_mesh
async def show_switch(mesh: MeshClient, switch_id: str, as_json: JsonOption = False) -> None:
    """Show a switch: its sessions, its orders, and why any could not be pulled."""
    switch, orders = await _whole(mesh, switch_id)
    _print(switch, as_json=as_json)
    _print_orders(orders, as_json=as_json)


def _scope(*texts: str) -> kill_switch_pb2.KillScope:
    names = (
        "firm_id", "desk_id", "account_id", "trader", "algorithm_id", "session_id", "venue_mic",
        "instrument_id",
    )  # fmt: skip
    scope = kill_switch_pb2.KillScope()
    for name, text in zip(names, texts, strict=True):
        setattr(scope, name, text)
    checked_desk(scope.desk_id)
    if not any(texts):
        usage_error(
            "give a scope: --firm, --desk, --account, --trader, --algorithm, --session, "
            "--venue, --instrument"
        )
    return scope


async def _report(
    mesh: MeshClient, switch: kill_switch_pb2.KillSwitch, wait_s: float, *, as_json: bool
) -> int:
    """Print the switch once: when every order has its outcome, or the time is over."""
    if wait_s and not switch.HasField("settled_at"):
        errors.print(f"{switch.switch_id} is {_state(switch)}; waiting for its orders ...")
    try:
        async with asyncio.timeout(wait_s or None):
            while wait_s and not switch.HasField("settled_at"):
                await asyncio.sleep(POLL_S)
                switch, _ = await _whole(mesh, switch.switch_id, orders=False)
    except TimeoutError:
        errors.print(
            f"not every order has its outcome after {wait_s:g} s; it continues: "
            f"`ordermesh kill show {switch.switch_id}`"
        )
    switch, left = await _whole(mesh, switch.switch_id, outcomes=_NOT_PULLED)
    _print(switch, as_json=as_json)
    if wait_s:
        _print_orders(left, as_json=as_json)
    confirmed = switch.state != kill_switch_pb2.KILL_SWITCH_STATE_ENGAGING
    return EXIT_OK if confirmed and not left else EXIT_ORDER_NOT_DONE


_NOT_PULLED: Final = (kill_switch_pb2.KILL_OUTCOME_PENDING, kill_switch_pb2.KILL_OUTCOME_CANNOT)


async def _whole(
    mesh: MeshClient, switch_id: str, *, outcomes: tuple[int, ...] = (), orders: bool = True
) -> tuple[kill_switch_pb2.KillSwitch, list[kill_switch_pb2.KillOrder]]:
    """Read a switch with every page of its orders."""
    found: list[kill_switch_pb2.KillOrder] = []
    request = kill_switch_service_pb2.KillSwitchServiceGetRequest(
        switch_id=switch_id, page_size=ORDERS_PER_PAGE if orders else 1
    )
    request.outcomes.extend(outcomes)  # type: ignore[arg-type]  # enum values are ints
    while True:
        # The person who engaged a switch waits for its report while a process comes back.
        answer: Any = await mesh.read(mesh.kill_switches.Get, request, RETRY_FOR_S)
        found += answer.orders
        if not orders or not answer.next_page_token:
            return answer.kill_switch, found
        request.page_token = answer.next_page_token


def _warn_of_nothing_met(switch: kill_switch_pb2.KillSwitch) -> None:
    """Warn when no open order has the algorithm: there is no list of algorithm names."""
    algorithm = switch.scope.algorithm_id
    if algorithm and switch.listed and not switch.counts.orders:
        errors.print(
            f"no open order has algorithm {algorithm}: check the spelling",
            highlight=False, markup=False,
        )  # fmt: skip


def _print(switch: kill_switch_pb2.KillSwitch, *, as_json: bool) -> None:
    if as_json:
        emit(switch)
        return
    say(
        f"{switch.switch_id}  {_kind(switch)} {_scope_words(switch.scope)}: {switch.reason}",
        _state(switch),
        markup=False,
    )
    say(f"   {_who(switch)}", markup=False)
    for session in switch.sessions:
        standing = enum_word(kill_switch_pb2.KillSessionStanding, session.standing)
        console.print(f"   session {session.session_id}: {standing}", highlight=False)
    if counts := _counts_words(switch.counts):
        console.print(f"   orders: {counts}", highlight=False)


def _who(switch: kill_switch_pb2.KillSwitch) -> str:
    """Return who engaged it, who proposed its release, who released it."""
    acts = (
        ("engaged", switch.engaged_by, switch.engaged_by_name, switch.engaged_at),
        (
            "release proposed",
            switch.release_proposed_by,
            switch.release_proposed_by_name,
            switch.release_proposed_at,
        ),
        ("released", switch.released_by, switch.released_by_name, switch.released_at),
    )
    return ", ".join(
        f"{what} by {called(subject, name)} at {when(at)}"
        for what, subject, name, at in acts
        if subject
    )


def _kind(switch: kill_switch_pb2.KillSwitch) -> str:
    if switch.kind == kill_switch_pb2.KILL_SWITCH_KIND_MASS_CANCEL:
        return "mass cancel of"
    return "drill of" if switch.drill else "kill switch on"


def _state(switch: kill_switch_pb2.KillSwitch) -> str:
    return enum_word(kill_switch_pb2.KillSwitchState, switch.state)


def _scope_words(scope: kill_switch_pb2.KillScope) -> str:
    shown = kill_switch_pb2.KillScope()
    shown.CopyFrom(scope)
    if scope.firm_id and scope.desk_id:
        shown.desk_id = f"{scope.firm_id}/{scope.desk_id}"
        shown.ClearField("firm_id")
    return ", ".join(
        f"{field.name.removesuffix('_id').removesuffix('_mic')} {value}"
        for field, value in shown.ListFields()
    )


def _counts_words(counts: kill_switch_pb2.KillCounts) -> str:
    return ", ".join(
        f"{value} {field.name.replace('_', ' ')}"
        for field, value in counts.ListFields()
        if field.name != "orders"
    )


def _print_orders(orders: list[kill_switch_pb2.KillOrder], *, as_json: bool) -> None:
    shown = table("order", "account", "listing", "outcome", "state", "why", whole=("order",))
    for one in orders:
        shown.add_row(
            one.order_id,
            one.account_id,
            one.instrument_id,
            enum_word(kill_switch_pb2.KillOutcome, one.outcome),
            state_text(one.state),
            rejection_words(one.rejection) if one.HasField("rejection") else "",
        )
    if orders:
        show(orders, shown, "", as_json=as_json)
