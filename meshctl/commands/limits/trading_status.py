"""`ordermesh limits status`: the trading state of an account, listing, venue or firm."""

from enum import StrEnum
from typing import Annotated, Final

import typer

from mesh.names import called
from meshctl.commands.common import JsonOption, enum_word, run, show, table, usage_error, when
from meshctl.commands.limits.proposed_changes import print_change
from ordermesh.oms.v1 import limit_pb2, limit_service_pb2, order_pb2
from ordermesh_client import MeshClient

RETRY_FOR_S: Final = 10.0


class TargetWord(StrEnum):
    """TradingStatusTarget in words."""

    ACCOUNT = "account"
    INSTRUMENT = "instrument"
    VENUE = "venue"
    FIRM = "firm"


class StatusWord(StrEnum):
    """AccountStatus in words."""

    ACTIVE = "active"
    REDUCE_ONLY = "reduce-only"
    HALTED = "halted"


def register(limits: typer.Typer) -> None:
    """Add the command to those of limits."""
    limits.command()(status)


def status(
    target: Annotated[
        TargetWord | None, typer.Argument(help="Kind of target; all if not given.")
    ] = None,
    name: Annotated[str, typer.Argument(help="ACC-ALICE, ASML.SIMA, SIMA, DEMO.")] = "",
    to: Annotated[StatusWord | None, typer.Option("--set", help="The new state.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Reason; required with --set.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show what is halted or reduce-only, or set it with --set (role RISK).

    Another person must confirm a looser state.
    """
    if target is not None and not name:
        usage_error("give a target and its name: `ordermesh limits status account ACC-ALICE`")
    if to is not None and (target is None or not reason):
        usage_error("--set needs a target, its name and --reason")

    async def work(mesh: MeshClient) -> None:
        kind = f"TRADING_STATUS_TARGET_{target.name if target else 'UNSPECIFIED'}"
        if to is not None:
            change = limit_service_pb2.SetTradingStatusRequest(
                target=kind, target_id=name, status=f"ACCOUNT_STATUS_{to.name}", reason=reason
            )
            answer = await mesh.call(mesh.limits.SetTradingStatus, change, RETRY_FOR_S)
            if answer.HasField("proposed"):
                print_change(answer.proposed, as_json=as_json)
                return
            found = [answer.record]
        else:
            asked = limit_service_pb2.ListTradingStatusRequest(target=kind, target_id=name)
            found = list((await mesh.call(mesh.limits.ListTradingStatus, asked)).records)
        shown = table("target", "name", "status", "since", "by", "why")
        for one in found:
            shown.add_row(
                enum_word(limit_pb2.TradingStatusTarget, one.target).lower(), one.target_id,
                enum_word(order_pb2.AccountStatus, one.status), when(one.set_at),
                called(one.set_by, one.set_by_name), one.reason,
            )  # fmt: skip
        show(found, shown, "no trading state was ever set", as_json=as_json)

    run(work)
