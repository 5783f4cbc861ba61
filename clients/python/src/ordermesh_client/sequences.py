"""What a reader has of an order stream, by account: nothing twice, no hole (docs/STREAMS.md)."""

from collections.abc import Iterable

from ordermesh.oms.v1 import event_pb2, order_service_pb2
from ordermesh.type.v1 import stream_pb2
from ordermesh_client.resume import ReopenError


class OrderSequences:
    """Cursors of the watched accounts; takes every item before the caller gets it."""

    def __init__(self, accounts: Iterable[str], heartbeat_s: int) -> None:
        self._cursors = {account: stream_pb2.Cursor() for account in accounts}
        self._heartbeat_s = heartbeat_s
        # High water of the last heartbeat that was above the last event.
        self._suspects: dict[str, int] = {}
        # Where the last hole was: if it is there again, the account is read anew.
        self._holes: dict[str, int] = {}
        # A snapshot of these has begun and is not complete.
        self._partial: set[str] = set()
        self._made: list[event_pb2.OrderStreamItem] = []

    def request(self) -> order_service_pb2.WatchRequest:
        """Ask for what comes after what was read so far."""
        self._suspects.clear()
        for account in sorted(self._partial):
            self._read_anew(account, stream_pb2.RESYNC_CAUSE_SOURCE_RESET)
        made = order_service_pb2.WatchRequest(heartbeat_s=self._heartbeat_s)
        for account, cursor in self._cursors.items():
            wanted = made.accounts.add(account_id=account)
            if cursor.epoch:
                wanted.cursor.CopyFrom(cursor)
        return made

    def made(self) -> list[event_pb2.OrderStreamItem]:
        """Resyncs that the caller gets before the next item: an account is read from the start."""
        given, self._made = self._made, []
        return given

    def take(self, item: event_pb2.OrderStreamItem) -> bool:
        """Say whether the caller gets this item; raises ReopenError if something is missing."""
        kind = item.WhichOneof("item")
        if kind == "event":
            return self._take_event(item.event)
        if kind == "resync":
            # No cursor until the snapshot is whole: what comes before it is no position.
            self._cursors[item.resync.channel].Clear()
            self._partial.discard(item.resync.channel)
        elif kind == "snapshot":
            self._partial.add(item.snapshot.account_id)
        elif kind == "snapshot_complete":
            self._partial.discard(item.snapshot_complete.channel)
            self._cursors[item.snapshot_complete.channel].CopyFrom(item.snapshot_complete.cursor)
        elif kind == "heartbeat" and item.heartbeat.channel in self._cursors:
            self._compare(item.heartbeat.channel, item.heartbeat.high_water)
        return True

    def _take_event(self, event: event_pb2.OrderEvent) -> bool:
        cursor = self._cursors[event.account_id]
        if event.sequence <= cursor.sequence:
            return False
        if event.sequence != cursor.sequence + 1:
            self._reopen(event.account_id)
        cursor.sequence = event.sequence
        return True

    def _compare(self, account: str, high_water: stream_pb2.Cursor) -> None:
        cursor = self._cursors[account]
        if not cursor.epoch:
            return
        if high_water.epoch != cursor.epoch:
            # The old cursor is answered with a resync.
            raise ReopenError(f"{account}: the log began a new epoch")
        suspect = self._suspects.pop(account, 0)
        if high_water.sequence > cursor.sequence:
            # One heartbeat may overtake events; a second one does not.
            if cursor.sequence < suspect:
                self._reopen(account)
            self._suspects[account] = high_water.sequence

    def _reopen(self, account: str) -> None:
        cursor = self._cursors[account]
        after = cursor.sequence
        if self._holes.get(account) == after:
            self._read_anew(account, stream_pb2.RESYNC_CAUSE_CURSOR_UNKNOWN)
            del self._holes[account]
            raise ReopenError(f"{account}: events after {after} are missing again; reading anew")
        self._holes[account] = after
        raise ReopenError(f"{account}: events after {after} are missing; reading them again")

    def _read_anew(self, account: str, cause: stream_pb2.ResyncCause) -> None:
        cursor = self._cursors[account]
        again = stream_pb2.Resync(cause=cause, channel=account)
        if cursor.epoch:
            again.requested.CopyFrom(cursor)
        self._made.append(event_pb2.OrderStreamItem(resync=again))
        cursor.Clear()
        self._partial.discard(account)
