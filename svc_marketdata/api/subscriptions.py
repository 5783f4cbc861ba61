"""Turns a subscription request into an interest of the hub."""

from collections.abc import Iterable
from typing import TypeAlias

from mesh.errors import MeshError, refuse
from ordermesh.marketdata.v1 import market_data_pb2, market_data_service_pb2
from svc_marketdata.api.fields import fields_of
from svc_marketdata.domain.consolidated import InstrumentKey
from svc_marketdata.domain.price_rights import PriceRights
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.delivery.interest import Interest, Mode
from svc_marketdata.service.market_data import MarketData

INTERVAL_MS_MIN = 50

TOPICS = {
    market_data_pb2.TOPIC_QUOTE: Topic.QUOTE,
    market_data_pb2.TOPIC_BOOK: Topic.BOOK,
    market_data_pb2.TOPIC_TRADE: Topic.TRADE,
    market_data_pb2.TOPIC_CANDLE: Topic.CANDLE,
    market_data_pb2.TOPIC_CONSOLIDATED_BOOK: Topic.CONSOLIDATED_BOOK,
}
MODES = {
    market_data_service_pb2.DELIVERY_MODE_UNSPECIFIED: Mode.LATEST_ON_READY,
    market_data_service_pb2.DELIVERY_MODE_EVERY_EVENT: Mode.EVERY_EVENT,
    market_data_service_pb2.DELIVERY_MODE_INTERVAL: Mode.INTERVAL,
    market_data_service_pb2.DELIVERY_MODE_LATEST_ON_READY: Mode.LATEST_ON_READY,
}
BESIDES = frozenset({Topic.LISTING, Topic.VENUE})
"""Topics that every reader of prices receives as well: changed listings, state of venues."""


BOOKS = frozenset({Topic.BOOK, Topic.CONSOLIDATED_BOOK})
Chosen: TypeAlias = (
    market_data_service_pb2.Subscription | market_data_service_pb2.GetSnapshotRequest
)
"""What names listings, instruments and topics."""


def instrument_not_found(instrument_id: str, field: str) -> MeshError:
    """Refuse a listing that no venue has reported."""
    return refuse(
        "INSTRUMENT_NOT_FOUND",
        f"no instrument {instrument_id!r}; see InstrumentService.List",
        field,
        instrument_id=instrument_id,
    )


def topics_of(request: Chosen, field: str) -> frozenset[Topic]:
    """Read topics.

    Args:
        request: An empty list means quotes, or consolidated books if instruments are named.
        field: Its name with a point; empty for the request itself.

    Raises:
        MeshError: INVALID_FIELD.
    """
    chosen = set[Topic]()
    for index, topic in enumerate(request.topics):
        if topic not in TOPICS:
            raise _invalid(f"{field}topics[{index}]", topic, "a Topic other than TOPIC_UNSPECIFIED")
        chosen.add(TOPICS[topic])
    if not request.instruments:
        return frozenset(chosen) or frozenset({Topic.QUOTE})
    if chosen and Topic.CONSOLIDATED_BOOK not in chosen:
        raise _invalid(
            f"{field}topics", _names(chosen), "TOPIC_CONSOLIDATED_BOOK, as instruments are named"
        )
    of_listings = chosen - {Topic.CONSOLIDATED_BOOK}
    if of_listings and not request.instrument_ids:
        raise _invalid(
            f"{field}topics", _names(of_listings),
            f"TOPIC_CONSOLIDATED_BOOK only, or listings in {field}instrument_ids",
        )  # fmt: skip
    return frozenset(chosen) or frozenset({Topic.CONSOLIDATED_BOOK})


def _names(topics: Iterable[Topic]) -> str:
    return ", ".join(f"TOPIC_{topic.name}" for topic in sorted(topics))


def _invalid(field: str, value: object, expected: str) -> MeshError:
    return refuse(
        "INVALID_FIELD", f"{field} was {value}; expected {expected}", field,
        value=value, expected=expected,
    )  # fmt: skip


def books_of(data: MarketData, request: Chosen, field: str) -> frozenset[InstrumentKey] | None:
    """Return the consolidated books of a request that has their topic; None for all.

    Raises:
        MeshError: INVALID_FIELD or INSTRUMENT_NOT_FOUND.
    """
    if request.instruments:
        return frozenset(
            _key(data, one, f"{field}instruments[{index}]")
            for index, one in enumerate(request.instruments)
        )
    if not request.instrument_ids:
        return None
    return frozenset(
        _key_of_listing(data, name, f"{field}instrument_ids[{index}]")
        for index, name in enumerate(request.instrument_ids)
    )


def _key(data: MarketData, named: market_data_pb2.InstrumentKey, field: str) -> InstrumentKey:
    if named.instrument_id:
        if named.isin or named.currency:
            other = "isin" if named.isin else "currency"
            raise _invalid(
                f"{field}.{other}", repr(getattr(named, other)), "nothing, as instrument_id is set"
            )
        return _key_of_listing(data, named.instrument_id, f"{field}.instrument_id")
    if not named.isin:
        raise _invalid(f"{field}.isin", "''", "an ISIN, or a listing in instrument_id")
    currencies = data.consolidation.currencies(named.isin)
    if not currencies:
        raise instrument_not_found(named.isin, f"{field}.isin")
    if not named.currency and len(currencies) > 1:
        raise _invalid(
            f"{field}.currency", "''",
            f"one of {', '.join(currencies)}: {named.isin} is listed in each",
        )  # fmt: skip
    if named.currency and named.currency not in currencies:
        raise refuse(
            "INSTRUMENT_NOT_FOUND",
            f"{field}.currency was {named.currency}: {named.isin} is listed in"
            f" {', '.join(currencies)} only",
            f"{field}.currency",
            instrument_id=f"{named.isin}/{named.currency}",
        )
    return InstrumentKey(named.isin, named.currency or currencies[0])


def _key_of_listing(data: MarketData, instrument_id: str, field: str) -> InstrumentKey:
    found = data.consolidation.of_listing(instrument_id)
    if found is None:
        raise instrument_not_found(instrument_id, field)
    return found.book.key


def known_instruments(data: MarketData, ids: Iterable[str], field: str) -> frozenset[str]:
    """Read listings; every one must be known."""
    for index, instrument_id in enumerate(ids):
        if not data.known(instrument_id):
            raise instrument_not_found(instrument_id, f"{field}[{index}]")
    return frozenset(ids)


def interest_of(
    data: MarketData,
    subscription: market_data_service_pb2.Subscription,
    field: str,
    rights: PriceRights,
) -> Interest:
    """Read a subscription of a user with these rights."""
    limits = data.hub.limits
    mode = MODES[subscription.mode]
    interval_ms = 0
    if mode is Mode.INTERVAL:
        interval_ms = subscription.interval_ms or limits.interval_ms_default
        if interval_ms < INTERVAL_MS_MIN:
            raise _invalid(
                f"{field}.interval_ms", interval_ms,
                f"{INTERVAL_MS_MIN} to 10000, or 0 for {limits.interval_ms_default}",
            )  # fmt: skip
    ids = known_instruments(data, subscription.instrument_ids, f"{field}.instrument_ids")
    topics = topics_of(subscription, f"{field}.")
    keys: frozenset[InstrumentKey] | None = None
    if Topic.CONSOLIDATED_BOOK in topics:
        keys = books_of(data, subscription, f"{field}.")
    if not ids and keys is not None:
        ids = data.consolidation.listings(keys)
    # Only books have a depth: without books, all depths are the same interest.
    depth = subscription.depth or limits.depth_default if topics & BOOKS else 0
    return Interest(
        topics=topics | BESIDES,
        # Named instruments without a venue are not every listing.
        instruments=ids if ids or keys is not None else None,
        depth=depth,
        mode=mode,
        interval_ms=interval_ms,
        keys=None if keys is None else frozenset(key.text for key in keys),
        rights=rights,
        fields=fields_of(subscription.fields, topics, f"{field}.fields"),
    )
