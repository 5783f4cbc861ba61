"""`ordermesh recovery`: what a restored order book lost and got back, and its confirmation."""

from typing import Annotated

import typer

from mesh.names import called
from meshctl.commands.common import JsonOption, console, emit, enum_word, run, say, when, with_mesh
from ordermesh.oms.v1 import recovery_pb2
from ordermesh.oms.v1 import recovery_service_pb2 as service
from ordermesh_client import MeshClient

recovery = typer.Typer(
    help="The order book after its database was restored to an earlier state.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(recovery, name="recovery")


@recovery.command("show")
@with_mesh
async def show_recovery(
    mesh: MeshClient,
    recovery_id: Annotated[str, typer.Argument(help="Recovery; the last one if not given.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show a recovery with its report."""
    request = service.ShowRequest(recovery_id=recovery_id)
    found = (await mesh.call(mesh.recovery.Show, request)).recovery
    if as_json:
        emit(found)
    else:
        _say(found)


@recovery.command()
def confirm(
    recovery_id: str,
    reason: Annotated[
        str, typer.Option("--reason", help="What you compared, 10 characters or more; recorded.")
    ],
    accept_missing: Annotated[
        bool,
        typer.Option(
            "--accept-missing-sessions", help="Confirm although the report waits for gateways."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Accept the report: the order book takes orders again."""
    request = service.ConfirmRequest(
        recovery_id=recovery_id, reason=reason, accept_missing_sessions=accept_missing
    )

    async def work(mesh: MeshClient) -> None:
        found = (await mesh.call(mesh.recovery.Confirm, request)).recovery
        if as_json:
            emit(found)
        else:
            _say(found)

    run(work)


def _say(found: recovery_pb2.Recovery) -> None:
    facts = {
        "recovery": f"{found.recovery_id} {enum_word(recovery_pb2.RecoveryState, found.state)}",
        "since": when(found.opened_at),
        "because": found.evidence,
        "orders recovered": len(found.recovered_order_ids),
        "executions counted": len(found.executions),
        "messages parked": found.parked_messages,
        "orders in UNKNOWN": found.unknown_orders,
        "waits for the gateways of": ", ".join(found.sessions_missing) or "none",
    }
    if found.confirmed_by:
        by = called(found.confirmed_by, found.confirmed_by_name)
        facts["confirmed"] = f"{when(found.confirmed_at)} by {by}: {found.reason}"
    for name, value in facts.items():
        say(f"{name:<26} {value}", markup=False)
    for session in found.sessions:
        state = "compared" if session.compared else "NOT COMPARED YET"
        say(
            f"session {session.session_id}: {state}, {session.requests_recovered} requests "
            f"recovered. {session.evidence}",
            markup=False,
        )
        for text in session.not_recovered:
            say(f"  NOT RECOVERED {text}", markup=False)
    for order_id in found.recovered_order_ids:
        say(f"recovered order {order_id}", markup=False)
    for fill in found.executions:
        say(
            f"execution {fill.exec_id}: {fill.quantity} at {fill.price}, order {fill.order_id}, "
            f"account {fill.account_id}",
            markup=False,
        )
    if found.truncated:
        say("the log has more than this report reads: the lists are incomplete", markup=False)
    if found.state == recovery_pb2.RECOVERY_STATE_OPEN:
        console.print(f"then: `ordermesh recovery confirm {found.recovery_id} --reason ...`")
