"""IdentityAuditService: pages of the audit log."""

from collections.abc import Mapping, Sequence
from typing import Final

from mesh.auth.access import Access, user
from mesh.rpc.call import Call
from mesh.timestamps import from_timestamp, to_timestamp
from ordermesh.identity.v1 import identity_audit_service_pb2 as pb
from svc_identity.api.answering import answered
from svc_identity.domain.audit import AuditEntry
from svc_identity.domain.users import fold_username
from svc_identity.service.ports import AuditFilter, Store

SERVICE_NAME: Final = "ordermesh.identity.v1.IdentityAuditService"
ACCESS: Final[Mapping[str, Access]] = {"List": user("AUDITOR", "RISK", "OPERATOR")}

PAGE_DEFAULT: Final = 100


class AuditServicer:
    """See the comments in identity_audit_service.proto."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def List(  # noqa: N802
        self, request: pb.IdentityAuditServiceListRequest, _call: Call
    ) -> pb.IdentityAuditServiceListResponse:
        """Return a page of entries, newest first."""
        wanted = AuditFilter(
            from_timestamp(request.at_from),
            from_timestamp(request.at_until),
            fold_username(request.username),
            tuple(request.acts),
            request.before_entry_id,
            request.page_size or PAGE_DEFAULT,
        )
        entries = await answered(self._page(wanted))
        return pb.IdentityAuditServiceListResponse(entries=map(entry_to_proto, entries))

    async def _page(self, wanted: AuditFilter) -> Sequence[AuditEntry]:
        async with self._store.work() as work:
            return await work.audit.page(wanted)


def entry_to_proto(entry: AuditEntry) -> pb.IdentityAuditEntry:
    """Return an entry as clients see it."""
    return pb.IdentityAuditEntry(
        entry_id=entry.entry_id,
        at=to_timestamp(entry.at_ns),
        act=entry.act.value,  # type: ignore[arg-type]  # by number
        actor=entry.actor,
        user_id=entry.user_id,
        username=entry.username,
        address=entry.address,
        session_id=entry.session_id,
        detail=entry.detail,
        count=entry.count,
    )
