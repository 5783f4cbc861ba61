"""AuditService: pages of the audit log; and the hook that records refusals before commands."""

from google.protobuf.message import Message

from kernel.clock import Clock
from mesh.auth.access import Access, user
from mesh.errors import MeshError
from mesh.rpc.call import Call
from ordermesh.oms.v1 import audit_service_pb2
from svc_oms.api.paging import ROWS_READ_MAX, page_start, page_token
from svc_oms.service.audit.refusal_entries import call_refusal, is_refusal
from svc_oms.service.audit.refusal_log import RefusalLog
from svc_oms.service.codec.audit_entries import microseconds
from svc_oms.service.ports import AuditFilter, OrderStore
from svc_oms.service.readiness import Readiness

SERVICE = "ordermesh.oms.v1.AuditService"
ACCESS: dict[str, Access] = {"List": user("AUDITOR", "RISK", "OPERATOR")}

PAGE_ENTRIES_DEFAULT = 100
# Streams between our own processes: a refusal there is a fault of ours, and is logged.
LINK_METHODS = "/ordermesh.gateway."


class AuditServicer:
    """See the comments in audit_service.proto."""

    def __init__(self, readiness: Readiness, store: OrderStore) -> None:
        self._readiness = readiness
        self._store = store

    async def List(  # noqa: N802
        self, request: audit_service_pb2.AuditServiceListRequest, _call: Call
    ) -> audit_service_pb2.AuditServiceListResponse:
        """Return a page of entries, newest first."""
        wanted = AuditFilter(
            from_us=microseconds(request.at_from),
            until_us=microseconds(request.at_until),
            actor=request.actor,
            account_id=request.account_id,
            order_id=request.order_id,
            reasons=tuple(request.reasons),
            kind=request.kind,
            before_entry_id=page_start(request),
            limit=request.page_size or PAGE_ENTRIES_DEFAULT,
            rows_read_max=ROWS_READ_MAX,
        )
        with self._readiness.reaching():
            page = await self._store.list_audit(wanted)
        return audit_service_pb2.AuditServiceListResponse(
            entries=[audit_service_pb2.AuditEntry.FromString(body) for _, body in page.rows],
            next_page_token=page_token(request, page.next_after),
        )


class RefusalRecorder:
    """Records refusals before the command worker; see `service/audit/refusal_log.py`."""

    def __init__(self, refusal_log: RefusalLog, clock: Clock) -> None:
        self._refusal_log = refusal_log
        self._clock = clock

    async def on_refused(self, call: Call, request: Message | None, error: MeshError) -> None:
        """Record a refusal of the server; returns when a known caller's entry is durable."""
        if call.method.startswith(LINK_METHODS) or not is_refusal(error):
            return
        entry = call_refusal(self._clock.now_ns(), call, request, error)
        await self._refusal_log.refused(entry, request)
