"""`ordermesh show`: the whole way of an order, and the controls that were in force for it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from rich.text import Text

from mesh.names import called
from meshctl.commands.common import JsonOption, emit, enum_word, say, with_mesh
from meshctl.commands.limits.limit_values import range_words, values_words
from meshctl.commands.orders.ticket import AsOfOption, instant, moment
from meshctl.commands.words import event_words, filled_words, order_words, state_text
from ordermesh.oms.v1 import kill_switch_pb2, limit_pb2, order_pb2, order_way_pb2
from ordermesh.oms.v1 import order_service_pb2 as pb
from ordermesh.type.v1 import error_pb2
from ordermesh_client import MeshClient

# What the settings were at an earlier time is not stored.
SETTINGS_WORDS = "the settings, as they are now: earlier values are not kept"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(show)


@with_mesh
async def show(
    mesh: MeshClient,
    order_id: Annotated[
        str,
        typer.Argument(help="The order; or a refused request, by the entry of `ordermesh audit`."),
    ],
    at: Annotated[
        str,
        typer.Option(help="Also the controls at this time: 2027-01-31T10:32 (UTC), 10:32, 2h ago."),
    ] = "",
    as_of: AsOfOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show the whole way of an order: who did what, when, why, and under which controls.

    Every event, refused command and parked message with its FIX message; then the limits,
    overrides, trading states and kill switches that were in force when it was checked.
    With --as-of the order and its executions only, as they stood then.
    """
    if as_of:
        wanted = pb.GetRequest(order_id=order_id, as_of=instant(as_of))
        found = await mesh.call(mesh.order_service.Get, wanted)
        _say_found(found, as_json=as_json)
        return
    request = pb.ShowOrderRequest(id=order_id)
    if at:
        request.at.CopyFrom(moment(at, datetime.now(UTC), "--at", past=True))
    answer = await mesh.call(mesh.order_service.ShowOrder, request)
    if as_json:
        emit(answer)
        return
    if answer.HasField("order"):
        _say_order(answer.order)
    if answer.events_left_out:
        say(f"{answer.events_left_out} earlier events are not shown: older than what is kept")
    for step in answer.steps:
        _say_step(step)
    for controls in answer.controls:
        _say_controls(controls)


def _say_found(found: pb.GetResponse, *, as_json: bool) -> None:
    """Show an order and its executions."""
    if as_json:
        emit(found)
        return
    _say_order(found.order)
    for one in found.executions:
        busted = "  busted or corrected" if one.busted else ""
        say(f"{one.quantity} at {one.price}, ExecID(17) {one.exec_id}{busted}", markup=False)


def _say_order(one: order_pb2.Order) -> None:
    title = Text(f"{one.order_id}  {order_words(one)}  {one.account_id}  ")
    say(title.append_text(state_text(one.progress.state)).append(f"  {filled_words(one)}"))


def _say_step(step: order_way_pb2.WayStep) -> None:
    who = called(step.actor, step.actor_name) or "nobody known"
    say(_exact(step.at), Text(who, "bold"), step_words(step), markup=False)
    if step.kill_switch:
        say(f"    by {step.kill_switch}", markup=False)
    entry = step.entry
    if entry.request:
        say(f"    request {entry.request}", style="dim", markup=False)
    if step.HasField("fix"):
        way = "sent" if step.fix.outbound else "received"
        text = step.fix.text or f"35={step.fix.msg_type}|34={step.fix.msg_seq_num}"
        say(f"    {way} {text}", style="dim", markup=False)


def step_words(step: order_way_pb2.WayStep) -> str:
    """Describe what happened at a step."""
    match step.WhichOneof("what"):
        case "event":
            event = step.event
            state = enum_word(order_pb2.OrderState, event.progress.state)
            done, left = event.progress.cum_quantity, event.progress.leaves_quantity
            return f"{event_words(event)}  -> {state}, filled {done}, leaves {left}"
        case "entry":
            entry = step.entry
            if not entry.reason:
                return f"{entry.command}: {entry.text}"
            reason = enum_word(error_pb2.ErrorReason, entry.reason)
            return f"{entry.command} refused, {reason}: {entry.text}"
        case "parked":
            return f"MsgType(35) {step.parked.msg_type} parked: {step.parked.why}"
        case _:
            return f"statement {step.statement.statement_id}: {step.statement.text}"


def _say_controls(controls: order_way_pb2.ControlsAt) -> None:
    say(f"\nin force at {_exact(controls.at)} ({controls.checked})", style="bold", markup=False)
    lines = list(control_lines(controls))
    for line in lines or ["nothing but the venue's own limits"]:
        say(f"  {line}", markup=False)


def control_lines(controls: order_way_pb2.ControlsAt) -> Iterator[str]:
    """Describe what was in force for an order, a line each."""
    for one in controls.limits:
        limit = one.limit
        kind = enum_word(limit_pb2.LimitKind, limit.kind)
        of = range_words(limit.range) if limit.limit_id != "default" else SETTINGS_WORDS
        yield f"{kind} {values_words(limit.values)} of {of}  {_version(limit)}"
        if one.HasField("override"):
            override = one.override
            by = called(override.decided_by, override.decided_by_name)
            yield f"  override {override.override_id}: {values_words(override.values)}, by {by}"
    for one in controls.replaced:
        limit = one.limit
        kind = enum_word(limit_pb2.LimitKind, limit.kind)
        by = ", ".join(each.limit_id for each in one.replaced_by)
        what = f"{kind} {values_words(limit.values)} of {range_words(limit.range)}"
        yield f"not {what}: replaced by {by}"
    for status in controls.statuses:
        yield status_words(status)
    for switch in controls.kill_switches:
        yield switch_words(switch)


def status_words(status: limit_pb2.TradingStatusRecord) -> str:
    """Describe a trading status: who set it, when and why."""
    target = enum_word(limit_pb2.TradingStatusTarget, status.target).lower()
    word = enum_word(order_pb2.AccountStatus, status.status)
    by = called(status.set_by, status.set_by_name)
    return (
        f"{target} {status.target_id} {word} since {_exact(status.set_at)} by {by}: {status.reason}"
    )


def switch_words(switch: kill_switch_pb2.KillSwitch) -> str:
    """Describe a kill switch: who engaged it, when and why."""
    by = called(switch.engaged_by, switch.engaged_by_name)
    at = _exact(switch.engaged_at)
    return f"kill switch {switch.switch_id} engaged at {at} by {by}: {switch.reason}"


def _version(limit: limit_pb2.Limit) -> str:
    if limit.limit_id == "default":
        return ""
    by = called(limit.set_by, limit.set_by_name)
    return f"{limit.limit_id} version {limit.version}, by {by}: {limit.reason}"


def _exact(stamp: Timestamp) -> str:
    """Show a time with its milliseconds: "2027-01-02 03:04:05.678Z"."""
    return stamp.ToDatetime(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"
