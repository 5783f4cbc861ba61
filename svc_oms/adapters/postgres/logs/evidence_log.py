"""The audit log and the log of states by time, for the evidence of a period."""

import json
from collections.abc import AsyncIterator
from typing import Any, Final

from typing_extensions import override

from svc_oms.adapters.postgres.columns import FROM_US
from svc_oms.service.self_assessment.ports import EvidenceLog, LoggedState

PREFETCH: Final = 500

_RANGE = f"{{0}} >= {FROM_US.format('$1::int8')} AND {{0}} < {FROM_US.format('$2::int8')}"
AUDIT = f"SELECT payload FROM oms.audit_log WHERE {_RANGE.format('at')} ORDER BY at, entry_id"  # noqa: S608 - constants
# Empty if nothing was archived; the present time if nothing is left.
AUDIT_BEGINS = """
SELECT (extract(epoch FROM coalesce((SELECT min(at) FROM oms.audit_log), now())) * 1000000)::int8
WHERE EXISTS (SELECT FROM oms.log_bases WHERE log = 'audit_log' AND sequence > 0)
"""
STATES = f"""
SELECT DISTINCT ON (object_id) object_id,
    (extract(epoch FROM recorded_at) * 1000000)::int8, image::text
FROM oms.state_log WHERE {_RANGE.format("recorded_at")} AND subject = $3
ORDER BY object_id, version DESC
"""  # noqa: S608 - constants


class PostgresEvidenceLog(EvidenceLog):
    """Reads in the transaction that is open on a connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @override
    async def audit(self, since_us: int, until_us: int) -> AsyncIterator[bytes]:
        async for row in self._connection.cursor(AUDIT, since_us, until_us, prefetch=PREFETCH):
            yield row[0]

    @override
    async def audit_begins_us(self) -> int:
        return int(await self._connection.fetchval(AUDIT_BEGINS) or 0)

    @override
    async def states(self, table: str, since_us: int, until_us: int) -> list[LoggedState]:
        rows = await self._connection.fetch(STATES, since_us, until_us, table)
        found = [LoggedState(name, at_us, json.loads(image)) for name, at_us, image in rows]
        return sorted(found, key=lambda one: one.recorded_at_us)
