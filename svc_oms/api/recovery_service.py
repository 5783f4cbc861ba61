"""RecoveryService: shows the recovery of a restored order book, and takes its confirmation."""

from kernel.nanoseconds import NS_PER_US
from mesh.auth.access import Access, user
from mesh.errors import refuse
from mesh.rpc.call import Call
from ordermesh.oms.v1 import recovery_pb2
from ordermesh.oms.v1 import recovery_service_pb2 as pb
from svc_oms.service.codec.values import timestamp
from svc_oms.service.directory.user_names import person_of
from svc_oms.service.ports import OrderStore
from svc_oms.service.recovery.recoveries import Recoveries
from svc_oms.service.recovery.report import report_of

SERVICE = "ordermesh.oms.v1.RecoveryService"
ACCESS: dict[str, Access] = {
    "GetState": user(),
    "Show": user("OPERATOR", "RISK", "AUDITOR"),
    "Confirm": user("OPERATOR", "RISK"),
}


class RecoveryServicer:
    """See the comments in recovery_service.proto."""

    def __init__(self, recoveries: Recoveries, store: OrderStore) -> None:
        self._recoveries = recoveries
        self._store = store

    async def GetState(  # noqa: N802
        self, request: pb.GetStateRequest, call: Call
    ) -> pb.GetStateResponse:
        """Return whether the book is RECOVERING."""
        del request, call
        self._recoveries.readiness.require()
        row = self._recoveries.current
        if row is None:
            return pb.GetStateResponse()
        since = timestamp(row.opened_at_us * NS_PER_US)
        return pb.GetStateResponse(recovering=True, since=since, recovery_id=row.recovery_id)

    async def Show(  # noqa: N802
        self, request: pb.ShowRequest, call: Call
    ) -> pb.ShowResponse:
        """Return a recovery with its report."""
        del call
        with self._recoveries.readiness.reaching():
            return pb.ShowResponse(recovery=await self._report(request.recovery_id))

    async def Confirm(  # noqa: N802
        self, request: pb.ConfirmRequest, call: Call
    ) -> pb.ConfirmResponse:
        """End the open recovery."""
        with self._recoveries.readiness.reaching():
            recovery = await self._report(request.recovery_id)
            if recovery.state != recovery_pb2.RECOVERY_STATE_OPEN:
                raise _not_open(recovery)
            waiting = [
                *recovery.sessions_missing,
                *(one.session_id for one in recovery.sessions if not one.compared),
            ]
            if waiting and not request.accept_missing_sessions:
                raise _not_compared(recovery, waiting)
            who = person_of(call.user)
            row = await self._recoveries.confirm(
                recovery.recovery_id, who.subject, who.username, request.reason
            )
            recovery = await self._report(request.recovery_id)
            if row is None:
                raise _not_open(recovery)
            return pb.ConfirmResponse(recovery=recovery)

    async def _report(self, recovery_id: str) -> recovery_pb2.Recovery:
        store = self._store.recoveries()
        row = await store.recovery(recovery_id)
        if row is None:
            named = f"recovery {recovery_id} does not exist" if recovery_id else "there was none"
            raise refuse(
                "OBJECT_NOT_FOUND",
                f"no such recovery: {named}",
                "recovery_id",
                recovery_id=recovery_id,
            )
        return await report_of(row, store, self._store)


def _not_open(recovery: recovery_pb2.Recovery) -> Exception:
    return refuse(
        "OBJECT_STATE",
        f"recovery {recovery.recovery_id} is CONFIRMED; it should be OPEN",
        "recovery_id",
        recovery_id=recovery.recovery_id,
        confirmed_by=recovery.confirmed_by,
    )


def _not_compared(recovery: recovery_pb2.Recovery, waiting: list[str]) -> Exception:
    names = ", ".join(sorted(waiting))
    return refuse(
        "OBJECT_STATE",
        f"recovery {recovery.recovery_id} waits for the gateways of {names}: connect them, or set "
        "accept_missing_sessions",
        "accept_missing_sessions",
        recovery_id=recovery.recovery_id,
        sessions=names,
    )
