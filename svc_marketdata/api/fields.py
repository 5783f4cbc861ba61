"""A subscriber's choice of fields."""

from collections.abc import Collection
from typing import Any, Final

from google.protobuf.field_mask_pb2 import FieldMask

from mesh.errors import wrong
from ordermesh.marketdata.v1 import market_data_pb2
from svc_marketdata.service.channels import Topic

VALUES: Final = {
    "quote": Topic.QUOTE,
    "book": Topic.BOOK,
    "trade": Topic.TRADE,
    "candle": Topic.CANDLE,
    "consolidated_book": Topic.CONSOLIDATED_BOOK,
}
"""Names of the values of MarketDataUpdate."""
ALWAYS: Final = {
    Topic.QUOTE: frozenset({"stale", "flags", "last_off_market"}),
    Topic.BOOK: frozenset({"stale", "flags"}),
    Topic.TRADE: frozenset({"off_market", "withdrawn", "last_of_snapshot"}),
    Topic.CANDLE: frozenset({"start", "interval_s", "complete"}),
    Topic.CONSOLIDATED_BOOK: frozenset({"flags"}),
}
"""Fields that say whether a value may be relied on: they cannot be left out."""


def fields_of(
    mask: FieldMask, topics: Collection[Topic], path: str
) -> tuple[tuple[Topic, frozenset[str]], ...]:
    """Read the fields that a subscription to these topics names.

    Returns:
        The fields of each topic that is not sent whole, by topic: equal choices are equal.

    Raises:
        MeshError: INVALID_FIELD, naming the path.
    """
    chosen: dict[Topic, set[str]] = {}
    whole: set[Topic] = set()
    for index, text in enumerate(mask.paths):
        value, point, name = text.partition(".")
        topic = VALUES.get(value)
        if topic is None or topic not in topics:
            named = ", ".join(sorted(one for one, of in VALUES.items() if of in topics))
            raise wrong(
                f"{path}.paths[{index}]", text, f"a field of a topic subscribed to: {named}"
            )
        names = _names(value)
        if not point:
            whole.add(topic)
        elif name not in names:
            expected = f"a field of {value}: {', '.join(names)}"
            raise wrong(f"{path}.paths[{index}]", text, expected)
        else:
            chosen.setdefault(topic, set()).add(name)
    return tuple(
        (topic, frozenset(names) | ALWAYS[topic])
        for topic, names in sorted(chosen.items())
        if topic not in whole
    )


def _names(value: str) -> list[str]:
    fields: Any = market_data_pb2.MarketDataUpdate.DESCRIPTOR.fields_by_name
    return sorted(fields[value].message_type.fields_by_name)
