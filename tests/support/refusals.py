"""What refusing means: the field is named, the log says who asked, the book is unchanged."""

from collections.abc import Callable, Mapping
from typing import Any

import asyncpg
import grpc
import pytest
from google.protobuf.message import Message

from mesh.errors import RemoteRefusal, read_refusal
from ordermesh.oms.v1 import audit_service_pb2
from ordermesh.type.v1 import error_pb2
from tests.support.bad_input import cases, garbled

_COUNTED = ("order_events", "outbox", "idempotency", "disconnect_guards", "control_keys")
_WHOLE = (
    "orders", "accounts", "positions", "controls", "control_records", "kill_switches",
    "session_actions", "routing_venues",
)  # fmt: skip
# Of a session only what a person wants of it: its link moves the rest at any time.
_WISHES = """
SELECT session_id, kept_out, handed_over_from FROM oms.sessions
WHERE kept_out OR handed_over_from <> '' ORDER BY 1
"""


class BookState:
    """What must not change, and the log that must record it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def state(self) -> list[object]:
        """Return all a command could have changed."""
        counts = [
            await self._connection.fetchval(f"SELECT count(*) FROM oms.{table}")  # noqa: S608
            for table in _COUNTED
        ]
        rows = [
            await self._connection.fetch(f"SELECT t::text FROM oms.{table} t ORDER BY 1")  # noqa: S608
            for table in _WHOLE
        ]
        return [*counts, *rows, await self._connection.fetch(_WISHES)]

    async def audit(self) -> list[audit_service_pb2.AuditEntry]:
        """Return the entries of the audit log, oldest first."""
        rows = await self._connection.fetch("SELECT payload FROM oms.audit_log ORDER BY entry_id")
        return [audit_service_pb2.AuditEntry.FromString(row["payload"]) for row in rows]

    async def refused(self) -> list[audit_service_pb2.AuditEntry]:
        """Return the entries that record a refusal."""
        kind = audit_service_pb2.AUDIT_KIND_REFUSAL
        return [entry for entry in await self.audit() if entry.kind == kind]


async def refusal(call: Any) -> RemoteRefusal:
    """Return how a call is refused, unary or a stream."""

    async def to_its_end() -> None:
        if hasattr(call, "read"):
            while await call.read() is not grpc.aio.EOF:
                pass
        else:
            await call

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await to_its_end()
    return read_refusal(refused.value)


def refusal_of_blocking(call: Callable[..., Any], *arguments: Any, **named: Any) -> RemoteRefusal:
    """Make a call of a blocking stub; return how it is refused."""
    with pytest.raises(grpc.RpcError) as refused:
        call(*arguments, **named)
    return read_refusal(refused.value)


def check(found: RemoteRefusal, name: str, field: str) -> None:
    """Check that a refusal names the field, what it was, and what it should be."""
    assert found.code is grpc.StatusCode.INVALID_ARGUMENT, (name, found)
    assert (found.reason, found.field) == ("INVALID_FIELD", field), (name, found)
    assert "value" in found.metadata, name
    assert found.metadata["expected"], name
    assert field in found.text, name


async def broken_fields(
    book: BookState, rpc: Callable[..., Any], good: Message, name: str, who: Any
) -> None:
    """Break every field of a request: each is refused by name and recorded, nothing changes."""
    before, table = await book.state(), cases(good)
    earlier = len(await book.refused())
    for case in table:
        check(await refusal(rpc(case.request, metadata=who)), case.name, case.field)
    assert await book.state() == before
    entries = (await book.refused())[earlier:]
    assert [entry.field for entry in entries] == [case.field for case in table]
    for entry in entries:
        assert entry.reason == error_pb2.ERROR_REASON_INVALID_FIELD
        assert entry.actor == name
    assert len({entry.command for entry in entries}) == 1


async def garbled_refused(
    book: BookState,
    channel: grpc.aio.Channel,
    service: str,
    good: Mapping[str, Message],
    caller: Callable[[str], Any],
) -> int:
    """Send bytes that are no message to rpcs of a service; each is refused and changes nothing.

    Args:
        book: What must not change.
        channel: A way to the service.
        service: Its full name.
        good: A good request of each rpc.
        caller: Metadata of whoever calls an rpc.

    Returns:
        How many were refused.
    """
    before, count = await book.state(), 0
    for rpc, request in good.items():
        path = f"/{service}/{rpc}"
        stub = channel.unary_stream(path) if rpc == "Watch" else channel.unary_unary(path)
        for case in garbled(request):
            found = await refusal(stub(case.data, metadata=caller(rpc)))
            assert found.reason == "INVALID_FIELD", (rpc, case.name)
            assert request.DESCRIPTOR.full_name in found.text
            count += 1
    assert await book.state() == before
    return count


async def refused_by_name(
    book: BookState, stub: Any, table: list[tuple[str, Message, Any, str, str]]
) -> None:
    """Make calls that mean no good: (rpc, request, user, reason, field).

    Each is refused for its reason, naming its field, and recorded; nothing changes.
    """
    before, recorded = await book.state(), len(await book.refused())
    for rpc, request, who, reason, field in table:
        found = await refusal(getattr(stub, rpc)(request, metadata=who))
        assert (found.reason, found.field) == (reason, field), (rpc, request, found)
        assert reason != "INVALID_FIELD" or field in found.text, found
    assert await book.state() == before
    entries = (await book.refused())[recorded:]
    entries_made = [(e.command.rpartition("/")[2], _name(e.reason), e.field) for e in entries]
    assert entries_made == [(rpc, reason, field) for rpc, _, _, reason, field in table]


def _name(reason: int) -> str:
    return error_pb2.ErrorReason.Name(reason).removeprefix("ERROR_REASON_")
