"""The OMS's and market data's side of the gateway's links, driven by a test, over real mTLS."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import grpc

from mesh.certificates.tls import TlsFiles, server_credentials
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.gateway.v1 import venue_link_service_pb2_grpc as link_grpc
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import feed_service_pb2_grpc as feed_grpc
from ordermesh.type.v1 import stream_pb2
from tests.support.waiting import until


class _Stream:
    """One stream of a fake, with what belongs to it alone: one that ends late takes nothing of the
    next one's.

    Attributes:
        ended: Whether the test or the peer ended it.
        acknowledged: Number of the last frame that was acknowledged (feed).
        sequence: Number of the last frame that was read (feed).
        ack_due: Something became durable that the gateway does not know of (link).
        messages: Messages that were read and are not durable yet, in their order (link).
        receipts: Receipts, likewise (link).
    """

    def __init__(self) -> None:
        self.wake = asyncio.Event()
        self.ended = False
        self.acknowledged = self.sequence = 0
        self.ack_due = False
        self.messages: list[link.VenueMessage] = []
        self.receipts: list[link.CommandReceipt] = []

    def end(self) -> None:
        """End it."""
        self.ended = True
        self.wake.set()


class _Cuttable:
    """A service whose present stream a test can end and wake."""

    def __init__(self) -> None:
        self._stream = _Stream()

    def cut(self) -> None:
        """End the present stream at once."""
        self._stream.end()

    def _wake(self) -> None:
        self._stream.wake.set()


class FakeOms(_Cuttable, link_grpc.VenueLinkServiceServicer):
    """Keeps what it applied across links, as the real one does in its database.

    Switches: `acknowledge` off makes it take messages without making them durable; on again, those
    of the present link become durable in their order, before later ones, and those of an earlier
    link never; `keep_receipts` does the same for receipts; `refuse` makes it abort new links;
    `late_ns` makes its heartbeats old; `knows_withdrawn` off makes it an older one;
    `send_lease_ms` makes the gateway need answers to its beats, which `answer_beats` gives.
    """

    def __init__(self) -> None:
        self.token = 0
        self.epoch = 0
        self.applied = 0
        self.messages: list[link.VenueMessage] = []
        self.frames: list[link.LinkRequest] = []
        self.receipts: list[link.CommandReceipt] = []
        self.opens: list[link.LinkOpen] = []
        self.statuses: list[link.SessionStatus] = []
        self.outbox: list[link.VenueCommand] = []
        self.acknowledge = True
        self.keep_receipts = True
        self.refuse = False
        self.receipted = 0
        self.blocks = link.Blocks()
        self.confirmed: list[int] = []
        self.late_ns = 0
        self.early: list[link.CommandReceipt] = []
        self.knows_withdrawn = True
        self.send_lease_ms = 0
        self.answer_beats = True
        self.beats: list[int] = []
        super().__init__()

    def command(self, command: link.VenueCommand) -> link.VenueCommand:
        """Commit a command to the outbox."""
        command.outbound_sequence = len(self.outbox) + 1
        self.outbox.append(command)
        self._wake()
        return command

    def block(self, *blocks: link.Block) -> int:
        """Put other kill switches into force; return their version."""
        self.blocks = link.Blocks(version=self.blocks.version + 1, blocks=blocks)
        self._wake()
        return self.blocks.version

    async def until_confirmed(self, version: int) -> None:
        """Wait until the gateway has put these kill switches into effect."""
        await until(lambda: version in self.confirmed, f"blocks {version} confirmed")

    async def Link(  # noqa: N802
        self, requests: AsyncIterator[link.LinkRequest], context
    ) -> AsyncIterator[link.LinkResponse]:
        if self.refuse:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "refused by the test")
        frames = aiter(requests)
        first = await anext(frames)
        self.opens.append(first.open)
        self.statuses.append(first.open.status)
        self.token += 1
        stream = self._stream = _Stream()
        before = len(self.outbox)
        sent = self.receipted
        yield link.LinkResponse(
            opened=link.LinkOpened(
                fencing_token=self.token,
                session_epoch=self.epoch,
                applied_inbound_msg_seq_num=self.applied,
                next_outbound_sequence=self.receipted + 1,
                blocks=self.blocks,
                redelivered_to=before if self.knows_withdrawn else None,
                send_lease_ms=self.send_lease_ms,
            )
        )
        answered = 0
        last_sent = self.blocks.version
        reading = asyncio.create_task(self._read(frames, stream))
        try:
            while not stream.ended:
                stream.wake.clear()
                if stream.ack_due:
                    stream.ack_due = False
                    yield link.LinkResponse(
                        ack=link.InboundAck(
                            session_epoch=self.epoch, applied_inbound_msg_seq_num=self.applied
                        )
                    )
                if self.answer_beats and self.beats and self.beats[-1] != answered:
                    answered = self.beats[-1]
                    yield link.LinkResponse(beat=answered)
                if self.blocks.version != last_sent:
                    last_sent = self.blocks.version
                    yield link.LinkResponse(blocks=self.blocks)
                due = []
                for command in self.outbox[sent : sent + 500]:
                    copy = link.VenueCommand()
                    copy.CopyFrom(command)
                    copy.redelivered = command.outbound_sequence <= before
                    due.append(copy)
                if due:
                    sent += len(due)
                    beat = stream_pb2.Heartbeat()
                    beat.server_time.FromNanoseconds(time.time_ns() - self.late_ns)
                    yield link.LinkResponse(commands=due, heartbeat=beat)
                    continue
                await stream.wake.wait()
        finally:
            reading.cancel()
        await context.abort(grpc.StatusCode.UNAVAILABLE, "cut by the test")

    async def _read(self, frames: AsyncIterator[link.LinkRequest], stream: _Stream) -> None:
        async for frame in frames:
            if stream.ended:
                return
            self.frames.append(frame)
            if frame.beat:
                self.beats.append(frame.beat)
            if frame.blocks_version:
                self.confirmed.append(frame.blocks_version)
            if frame.HasField("status"):
                self.statuses.append(frame.status)
            self.early.extend(frame.early_receipts)
            stream.messages.extend(frame.messages)
            stream.receipts.extend(frame.receipts)
            if self.keep_receipts:
                self._keep(stream)
            if self.acknowledge:
                self._apply(stream)
            stream.wake.set()
        stream.end()

    def _keep(self, stream: _Stream) -> None:
        self.receipts.extend(stream.receipts)
        for receipt in stream.receipts:
            self.receipted = max(self.receipted, receipt.outbound_sequence)
        stream.receipts.clear()

    def _apply(self, stream: _Stream) -> None:
        for message in stream.messages:
            if message.session_epoch != self.epoch:
                self.epoch, self.applied = message.session_epoch, 0
            if message.msg_seq_num > self.applied:
                self.applied = message.msg_seq_num
                self.messages.append(message)
            stream.ack_due = True
        stream.messages.clear()

    @property
    def state(self) -> link.SessionState:
        """The session's state as last reported."""
        return self.statuses[-1].state if self.statuses else link.SESSION_STATE_UNSPECIFIED

    def reports(self) -> list[link.ExecutionReport]:
        """All execution reports applied."""
        return [m.execution_report for m in self.messages if m.HasField("execution_report")]

    async def until_up(self, timeout_s: float = 20.0) -> None:
        """Wait until the session is up."""
        await until(lambda: self.state == link.SESSION_STATE_UP, "session is up", timeout_s)

    async def until_receipts(self, count: int) -> None:
        """Wait for so many receipts in all."""
        await until(lambda: len(self.receipts) >= count, f"{count} receipts")

    async def until_reports(self, count: int) -> None:
        """Wait for so many execution reports in all."""
        await until(lambda: len(self.reports()) >= count, f"{count} execution reports")


class FakeMarketData(_Cuttable, feed_grpc.FeedServiceServicer):
    """Takes everything and acknowledges it; asks for a refresh when received."""

    def __init__(self) -> None:
        self.opens: list[feed.FeedOpen] = []
        self.updates: list[feed.FeedUpdate] = []
        self.instruments: dict[str, object] = {}
        self.statuses: list[object] = []
        # Whole lists by instrument_id, every status of each listing, and whether others are open.
        self.lists: list[set[str]] = []
        self.statuses_of: dict[str, list[int]] = {}
        self.assumed = False
        self.left_out: dict[str, str] = {}
        self._list: set[str] = set()
        self.acknowledge = True
        self._refresh = False
        super().__init__()

    def refresh(self) -> None:
        """Ask for everything anew."""
        self._refresh = True
        self._wake()

    async def Feed(  # noqa: N802
        self, requests: AsyncIterator[feed.FeedRequest], context
    ) -> AsyncIterator[feed.FeedResponse]:
        frames = aiter(requests)
        first = await anext(frames)
        self.opens.append(first.open)
        stream = self._stream = _Stream()
        reading = asyncio.create_task(self._read(frames, stream))
        try:
            while not stream.ended:
                stream.wake.clear()
                ack_due = self.acknowledge and stream.sequence > stream.acknowledged
                if stream is self._stream and (self._refresh or ack_due):
                    stream.acknowledged = stream.sequence
                    refresh, self._refresh = self._refresh, False
                    yield feed.FeedResponse(
                        acknowledged_frame_sequence=stream.acknowledged, refresh=refresh
                    )
                    continue
                await stream.wake.wait()
        finally:
            reading.cancel()
        await context.abort(grpc.StatusCode.UNAVAILABLE, "cut by the test")

    async def _read(self, frames: AsyncIterator[feed.FeedRequest], stream: _Stream) -> None:
        async for frame in frames:
            assert frame.frame_sequence == stream.sequence + 1
            stream.sequence = frame.frame_sequence
            self.updates.extend(frame.updates)
            self._take_listings(frame)
            if frame.HasField("venue_status"):
                self.statuses.append(frame.venue_status)
            stream.wake.set()
        stream.end()

    def _take_listings(self, frame: feed.FeedRequest) -> None:
        if frame.list_begins:
            self._list = set()
        for instrument in frame.instruments:
            name = instrument.instrument_id
            self.instruments[name] = instrument
            self.statuses_of.setdefault(name, []).append(instrument.trading_status)
            self._list.add(name)
        if frame.list_complete:
            self.lists.append(self._list)
        self.assumed = self.assumed or frame.statuses_assumed
        if frame.HasField("left_out"):
            self.left_out = {one.symbol: one.text for one in frame.left_out.listings}


async def serve_fake(servicer, service: str, folder: Path) -> tuple[grpc.aio.Server, int]:
    """Serve one of the fakes with the certificate of a service; returns server and port."""
    server = grpc.aio.server()
    if isinstance(servicer, FakeOms):
        link_grpc.add_VenueLinkServiceServicer_to_server(servicer, server)
    else:
        feed_grpc.add_FeedServiceServicer_to_server(servicer, server)
    credentials = server_credentials(TlsFiles.of_service(folder, service))
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    return server, port
