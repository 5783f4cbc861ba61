"""News that are in no account's log: a venue's session link went down or came up."""

from collections.abc import Iterable
from typing import Protocol

from kernel.clock import Clock
from ordermesh.gateway.v1.venue_link_service_pb2 import SESSION_STATE_UP
from ordermesh.oms.v1.event_pb2 import OrderStreamItem
from ordermesh.type.v1 import stream_pb2
from svc_oms.service.codec.stream_frames import stream_item
from svc_oms.service.codec.values import timestamp
from svc_oms.service.reference.venue_sessions import VenueSession


class NoticeReader(Protocol):
    """A reader of news."""

    def notice(self, item: bytes) -> None:
        """Take a framed item."""
        ...


class Notices:
    """Passes news to every order stream of this replica."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._readers: set[NoticeReader] = set()

    def join(self, reader: NoticeReader) -> None:
        """Add a reader."""
        self._readers.add(reader)

    def leave(self, reader: NoticeReader) -> None:
        """Remove a reader."""
        self._readers.discard(reader)

    def sessions_moved(self, sessions: Iterable[VenueSession], text: str = "") -> None:
        """Report that sessions went up or down."""
        for session in sessions:
            item = self.link_item(session, text)
            for reader in self._readers:
                reader.notice(item)

    def link_item(self, session: VenueSession, text: str = "") -> bytes:
        """Frame the state of a session for order streams."""
        up = session.state == SESSION_STATE_UP
        gap = stream_pb2.Gap(
            kind=stream_pb2.GAP_KIND_LINK_UP if up else stream_pb2.GAP_KIND_LINK_DOWN,
            channel=session.venue_mic,
            text=text,
            since=timestamp(self._clock.now_ns()),
        )
        return stream_item(OrderStreamItem(gap=gap).SerializeToString())
