"""A stream of chosen fields is the whole stream with the other fields left out."""

import asyncio

from google.protobuf.field_mask_pb2 import FieldMask
from hypothesis import given, settings
from hypothesis import strategies as st

from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh.marketdata.v1 import market_data_service_pb2 as pb
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.api.fields import ALWAYS, VALUES, fields_of
from svc_marketdata.domain.book import Level
from svc_marketdata.domain.listing import Listing, TradingStatus
from svc_marketdata.domain.market import Aggressor, Trade
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.delivery.interest import Interest, Mode
from svc_marketdata.service.feed_session import FeedIdentity
from svc_marketdata.service.groups import Subscriber
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from svc_marketdata.service.market_data import MarketData
from tests.support.clock import ManualClock

NAME = "ASML.SIMA"
TOPICS = frozenset(VALUES.values())
UPDATE = market_data_pb2.MarketDataUpdate.DESCRIPTOR.fields_by_name
PATHS = [
    path
    for value in VALUES
    for path in (value, *(f"{value}.{one.name}" for one in UPDATE[value].message_type.fields))
]
MASKS = st.lists(st.sampled_from(PATHS), max_size=12, unique=True)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("book"), st.integers(1, 9)),
        st.tuples(st.just("trade"), st.integers(1, 9)),
        st.tuples(st.just("pass"), st.integers(1, 90)),
        st.tuples(st.just("read"), st.integers(0, 1)),
        st.tuples(st.just("choose"), MASKS),
    ),
    max_size=40,
)


def left(update: market_data_pb2.MarketDataUpdate, paths: list[str]) -> dict[str, object]:
    """The fields that a mask leaves of a whole update, decided anew for each field."""
    value = update.WhichOneof("value")
    message = getattr(update, value)
    named = {path.partition(".")[2] for path in paths if path.partition(".")[0] == value}
    if not named or "" in named:
        named = set(message.DESCRIPTOR.fields_by_name)
    kept = named | ALWAYS[VALUES[value]]
    return {field.name: content for field, content in message.ListFields() if field.name in kept}


class Reader:
    """A subscriber that keeps every update it gets, by value and sequence."""

    def __init__(self, hub: Hub, mode: Mode, paths: list[str]) -> None:
        self.hub, self.mode = hub, mode
        self.subscriber = Subscriber()
        self.found: dict[tuple[str, int], market_data_pb2.MarketDataUpdate] = {}
        self.fields: dict[Topic, frozenset[str]] = {}
        self.choose(paths)

    def choose(self, paths: list[str]) -> None:
        """Subscribe, or change the fields of an open subscription."""
        fields = fields_of(FieldMask(paths=paths), TOPICS, "fields")
        self.paths = paths
        before, self.fields = self.fields, dict(fields)
        # A topic whose fields changed is sent again; what was sent of it before had others.
        self.found = {
            key: update
            for key, update in self.found.items()
            if before.get(VALUES[key[0]]) == self.fields.get(VALUES[key[0]])
        }
        interest = Interest(TOPICS, depth=5, mode=self.mode, fields=fields)
        for frame in self.hub.open(self.subscriber, interest).frames:
            self._take(frame.data)

    def read(self) -> None:
        group = self.subscriber.group
        assert group is not None
        group.serve_now(self.subscriber)
        while self.subscriber.outbox:
            self._take(self.subscriber.outbox.popleft().data)
        self.subscriber.queued_updates = 0

    def _take(self, data: bytes) -> None:
        for item in pb.WatchResponse.FromString(data).items:
            if item.HasField("update"):
                update = item.update
                self.found[update.WhichOneof("value"), update.sequence] = update


class Scene:
    def __init__(self, mode: Mode, paths: list[str]) -> None:
        self.clock = ManualClock()
        self.hub = Hub(ProtoEncoder(), Limits(delivery_pause_s_max=0), "epoch")
        self.data = MarketData(self.hub, self.clock)
        identity = FeedIdentity("s", "SIMA", "g", "e")
        self.session = self.data.open_feed(identity, lambda: None)
        self.session.listing(
            Listing(NAME, "ASML", "SIMA", isin="NL0010273215", currency="EUR",
                    trading_status=TradingStatus.OPEN)
        )  # fmt: skip
        self.readers = [Reader(self.hub, Mode.EVERY_EVENT, []), Reader(self.hub, mode, paths)]
        self.count = 0

    def book(self, price: int) -> None:
        levels = [Level(str(price), "1", 1)], [Level(str(price + 1), "2", 1)]
        self.session.book(NAME, *levels, 1, self.clock.now_ns())
        self.session.end_frame()

    def trade(self, price: int) -> None:
        self.count += 1
        at_ns = self.clock.now_ns()
        trade = Trade(f"T{self.count}", str(price), "1", Aggressor.BUY, at_ns, at_ns)
        self.session.trade(NAME, trade, at_ns)
        self.session.end_frame()

    def read(self, which: int) -> None:
        self.readers[which].read()

    def choose(self, paths: list[str]) -> None:
        self.readers[0].read()
        self.readers[1].read()
        self.readers[1].choose(paths)

    def check(self) -> None:
        whole, some = self.readers
        whole.read()
        some.read()
        last: dict[str, int] = {}
        for (value, sequence), update in some.found.items():
            full = whole.found[value, sequence]
            message = getattr(update, value)
            shown = {field.name: content for field, content in message.ListFields()}
            assert shown == left(full, some.paths)
            last[value] = max(last.get(value, 0), sequence)
        for value, sequence in whole.found:
            if some.mode is Mode.EVERY_EVENT:
                continue
            assert last[value] >= sequence, "the last value arrives"


async def run(mode: Mode, paths: list[str], steps: list) -> None:
    scene = Scene(mode, paths)
    for step, what in steps:
        if step == "pass":
            scene.clock.advance(what)
            scene.session.begin_frame()
            scene.data.tick()
        else:
            getattr(scene, step)(what)
    scene.check()
    for reader in scene.readers:
        scene.hub.close(reader.subscriber)
    assert scene.hub.group_count == 0


@settings(deadline=None)
@given(st.sampled_from([Mode.EVERY_EVENT, Mode.LATEST_ON_READY]), MASKS, STEPS)
def test_a_masked_stream_is_the_masked_whole_stream(mode, paths, steps) -> None:
    asyncio.run(run(mode, paths, steps))


def test_readers_of_the_same_fields_share_their_bytes_and_their_group() -> None:
    hub = Hub(ProtoEncoder(), Limits(delivery_pause_s_max=0), "epoch")
    for paths in (
        ["quote.bid_price", "quote.ask_price"],
        ["quote.ask_price", "quote.bid_price", "quote.stale"],
    ):
        fields = fields_of(FieldMask(paths=paths), {Topic.QUOTE}, "fields")
        hub.open(Subscriber(), Interest(frozenset({Topic.QUOTE}), fields=fields))
    assert hub.group_count == 1
    # A topic that is named whole, and nothing named, are the same interest.
    assert fields_of(FieldMask(paths=["quote", "quote.bid_price"]), {Topic.QUOTE}, "fields") == ()
