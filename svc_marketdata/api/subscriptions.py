"""Turns a subscription request into an interest of the hub."""

from collections.abc import Iterable

from mesh.errors import MeshError, refuse
from ordermesh.marketdata.v1 import market_data_pb2, market_data_service_pb2
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.groups import Interest, Mode
from svc_marketdata.service.market_data import MarketData

INTERVAL_MS_MIN = 50

TOPICS = {
    market_data_pb2.TOPIC_QUOTE: Topic.QUOTE,
    market_data_pb2.TOPIC_BOOK: Topic.BOOK,
    market_data_pb2.TOPIC_TRADE: Topic.TRADE,
    market_data_pb2.TOPIC_CANDLE: Topic.CANDLE,
}
MODES = {
    market_data_service_pb2.DELIVERY_MODE_UNSPECIFIED: Mode.LATEST_ON_READY,
    market_data_service_pb2.DELIVERY_MODE_EVERY_EVENT: Mode.EVERY_EVENT,
    market_data_service_pb2.DELIVERY_MODE_INTERVAL: Mode.INTERVAL,
    market_data_service_pb2.DELIVERY_MODE_LATEST_ON_READY: Mode.LATEST_ON_READY,
}
BESIDES = frozenset({Topic.LISTING, Topic.VENUE})
"""Topics that every reader of prices receives as well: changed listings, state of venues."""


def instrument_not_found(instrument_id: str, field: str) -> MeshError:
    """Refuse a listing that no venue has reported."""
    return refuse(
        "INSTRUMENT_NOT_FOUND",
        f"no instrument {instrument_id!r}; see InstrumentService.List",
        field,
        instrument_id=instrument_id,
    )


def topics_of(topics: Iterable[market_data_pb2.Topic], field: str) -> frozenset[Topic]:
    """Read topics; an empty list means quotes."""
    chosen = set[Topic]()
    for index, topic in enumerate(topics):
        if topic not in TOPICS:
            raise refuse(
                "INVALID_FIELD",
                f"{field}[{index}] was {topic}; expected a Topic other than TOPIC_UNSPECIFIED",
                f"{field}[{index}]",
                value=topic,
                expected="a Topic other than TOPIC_UNSPECIFIED",
            )
        chosen.add(TOPICS[topic])
    return frozenset(chosen) or frozenset({Topic.QUOTE})


def known_instruments(data: MarketData, ids: Iterable[str], field: str) -> frozenset[str]:
    """Read listings; every one must be known."""
    for index, instrument_id in enumerate(ids):
        if not data.known(instrument_id):
            raise instrument_not_found(instrument_id, f"{field}[{index}]")
    return frozenset(ids)


def interest_of(
    data: MarketData, subscription: market_data_service_pb2.Subscription, field: str
) -> Interest:
    """Read a subscription."""
    limits = data.hub.limits
    mode = MODES[subscription.mode]
    interval_ms = 0
    if mode is Mode.INTERVAL:
        interval_ms = subscription.interval_ms or limits.interval_ms_default
        if interval_ms < INTERVAL_MS_MIN:
            raise refuse(
                "INVALID_FIELD",
                f"{field}.interval_ms was {interval_ms};"
                f" expected {INTERVAL_MS_MIN} to 10000, or 0 for {limits.interval_ms_default}",
                f"{field}.interval_ms",
                value=interval_ms,
                expected=f"{INTERVAL_MS_MIN} to 10000",
            )
    ids = known_instruments(data, subscription.instrument_ids, f"{field}.instrument_ids")
    topics = topics_of(subscription.topics, f"{field}.topics")
    # Only books have a depth: without books, all depths are the same interest.
    depth = subscription.depth or limits.depth_default if Topic.BOOK in topics else 0
    return Interest(
        topics=topics | BESIDES,
        instruments=ids or None,
        depth=depth,
        mode=mode,
        interval_ms=interval_ms,
    )
