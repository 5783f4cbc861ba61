"""`ordermesh sessions`: FIX sessions, their numbers, and actions of named persons on them."""

from typing import Annotated, Any, Final

import typer

from mesh.names import called
from meshctl.commands.common import (
    JsonOption,
    console,
    emit,
    enum_word,
    print_second_person,
    run,
    say,
    show,
    table,
    usage_error,
    when,
    with_mesh,
)
from ordermesh.oms.v1 import session_pb2
from ordermesh.oms.v1 import session_service_pb2 as service
from ordermesh_client import MeshClient

sessions = typer.Typer(
    help="FIX sessions with venues: state, gateway, numbers, actions.", no_args_is_help=True
)

ReasonOption = Annotated[
    str, typer.Option("--reason", help="Reason, 10 characters or more; recorded.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(sessions, name="sessions")


_TRADING: Final = ("unknown", "halted", "open", "closed", "pre-open", "pre-close")
"""By TradSesStatus(340)."""


def trading_words(one: session_pb2.Session) -> str:
    """Say whether the venue of a session trades, and until when."""
    status = one.trading_session_status
    words = _TRADING[status] if 0 <= status < len(_TRADING) else str(status)
    closes = f", closes {when(one.trading_closes_at)}" if one.HasField("trading_closes_at") else ""
    return f"{words}{closes}"


@sessions.command("list")
@with_mesh
async def list_sessions(mesh: MeshClient, as_json: JsonOption = False) -> None:
    """List every session with its state, gateway, standbys and numbers."""
    answer = await mesh.call(mesh.sessions.List, service.SessionServiceListRequest())
    shown = table("session", "state", "owner", "standbys", "sends", "expects", "about")
    for one in answer.sessions:
        kept_out = " (kept out)" if one.kept_out else ""
        alarm = "CLOCK SKEW " if one.clock_skew.alarm else ""
        alarm += f"{one.parked_messages} PARKED " if one.parked_messages else ""
        shown.add_row(
            one.session_id,
            f"{enum_word(session_pb2.FixSessionState, one.state)}{kept_out}",
            one.owner_instance,
            ", ".join(one.standby_instances),
            str(one.numbers.next_sender_msg_seq_num),
            str(one.numbers.next_target_msg_seq_num),
            f"{alarm}{one.text}",
        )
    show(answer.sessions, shown, "no sessions", as_json=as_json)


@sessions.command("show")
@with_mesh
async def show_session(mesh: MeshClient, session_id: str, as_json: JsonOption = False) -> None:
    """Show a session and the last actions on it."""
    request = service.SessionServiceGetRequest(session_id=session_id)
    answer = await mesh.call(mesh.sessions.Get, request)
    if as_json:
        emit(answer)
        return
    one = answer.session
    numbers, skew = one.numbers, one.clock_skew
    facts = {
        "session": f"{one.session_id} at {one.venue_mic}",
        "state": f"{enum_word(session_pb2.FixSessionState, one.state)} {one.text}",
        "since": when(one.since),
        "disconnected by an operator": "yes" if one.kept_out else "no",
        "owner": f"{one.owner_instance or 'none'} (token {one.fencing_token})",
        "standbys": ", ".join(one.standby_instances) or "none",
        "next number to send": numbers.next_sender_msg_seq_num,
        "next number expected": numbers.next_target_msg_seq_num,
        "last venue number applied": one.applied_inbound_msg_seq_num,
        "commands without receipt": one.commands_without_receipt,
        "commands queued": one.queued_commands,
        "messages parked": one.parked_messages,
        "clock of the venue": f"{skew.least_us} us of {skew.tolerance_us} us allowed"
        f"{', ALARM' if skew.alarm else ''}",
        "trading at the venue": trading_words(one),
        "can": ", ".join(one.capabilities),
    }
    for name, value in facts.items():
        say(f"{name:<26} {value}", markup=False)
    _print_actions(answer.actions)


@sessions.command()
def reset(
    session_id: str,
    reason: ReasonOption,
    next_out: Annotated[
        int, typer.Option("--next-out", min=0, help="Next MsgSeqNum(34) to send.")
    ] = 0,
    next_in: Annotated[
        int, typer.Option("--next-in", min=0, help="Next MsgSeqNum(34) to expect.")
    ] = 0,
    to_one: Annotated[
        bool, typer.Option("--to-one", help="Both begin at 1; messages not received are lost.")
    ] = False,
    expires_in_s: Annotated[
        int, typer.Option("--expires-in", min=0, help="Seconds, 60 to 86400; 900.")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Propose other sequence numbers; nothing changes until another person approves."""
    if not (next_out or next_in or to_one):
        usage_error("give --next-out, --next-in, or --to-one")
    request = service.ProposeSequenceChangeRequest(
        session_id=session_id, next_sender_msg_seq_num=next_out, next_target_msg_seq_num=next_in,
        reset=to_one, reason=reason, expires_in_s=expires_in_s,
    )  # fmt: skip
    _act("ProposeSequenceChange", request, as_json=as_json)


@sessions.command()
def approve(action_id: str, as_json: JsonOption = False) -> None:
    """Approve other sequence numbers. The approver must not be the person who proposed them."""
    request = service.ApproveSequenceChangeRequest(action_id=action_id)
    _act("ApproveSequenceChange", request, as_json=as_json)


@sessions.command()
def reject(
    action_id: str,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Reject a proposal; your own, too."""
    request = service.RejectSequenceChangeRequest(action_id=action_id, reason=reason)
    _act("RejectSequenceChange", request, as_json=as_json)


@sessions.command()
def disconnect(session_id: str, reason: ReasonOption, as_json: JsonOption = False) -> None:
    """Log a session out until `connect`; restarts do not change this."""
    _act(
        "Disconnect",
        service.DisconnectRequest(session_id=session_id, reason=reason),
        as_json=as_json,
    )


@sessions.command()
def connect(
    session_id: str,
    reason: ReasonOption,
    now: Annotated[
        bool, typer.Option("--now", help="Also if nobody keeps it out: do not wait, connect.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Let a session log on again; with --now, at once."""
    request = service.ConnectRequest(session_id=session_id, reason=reason, now=now)
    _act("Connect", request, as_json=as_json)


@sessions.command("hand-over")
def hand_over(session_id: str, reason: ReasonOption, as_json: JsonOption = False) -> None:
    """Hand a session over to a standby gateway."""
    _act("HandOver", service.HandOverRequest(session_id=session_id, reason=reason), as_json=as_json)


@sessions.command()
@with_mesh
async def actions(
    mesh: MeshClient,
    session_id: Annotated[str, typer.Argument(help="Session; all if not given.")] = "",
    most: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """List the actions on sessions, newest first."""
    request = service.ListActionsRequest(session_id=session_id, page_size=most)
    found = (await mesh.call(mesh.sessions.ListActions, request)).actions
    _print_actions(found, as_json=as_json)


def _act(rpc: str, request: Any, *, as_json: bool) -> None:
    """Call an rpc that answers with an action, and print the action."""

    async def work(mesh: MeshClient) -> None:
        action = (await mesh.call(getattr(mesh.sessions, rpc), request)).action
        if as_json:
            emit(action)
            return
        _print_actions([action])
        if action.state == session_pb2.SESSION_ACTION_STATE_PROPOSED:
            print_second_person(f"sessions approve {action.action_id}")
        else:
            console.print(f"its outcome: `ordermesh sessions show {action.session_id}`")

    run(work)


def _print_actions(found: Any, *, as_json: bool = False) -> None:
    shown = table(
        "action", "session", "what", "state", "by", "decided by", "why", whole=("action",)
    )
    for one in found:
        shown.add_row(
            one.action_id,
            one.session_id,
            _what(one),
            f"{enum_word(session_pb2.SessionActionState, one.state)} {one.text}".strip(),
            called(one.requested_by, one.requested_by_name),
            called(one.decided_by, one.decided_by_name),
            one.reason,
        )
    show(found, shown, "no actions", as_json=as_json)


def _what(action: session_pb2.SessionAction) -> str:
    what = enum_word(session_pb2.SessionActionKind, action.kind)
    if action.reset:
        return f"{what} to 1"
    out, into = action.next_sender_msg_seq_num, action.next_target_msg_seq_num
    return what + (f" out {out}" if out else "") + (f" in {into}" if into else "")
