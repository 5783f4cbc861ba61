"""A channel: one topic of one listing, with its own consecutive sequence.

A channel has no queue. The hub counts the changes of its value (``sequence``); it serialises
the current value at the first request, once for all subscribers. The bytes are cached
until the value changes.
"""

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from svc_marketdata.domain.price_rights import PriceRights

if TYPE_CHECKING:
    from svc_marketdata.service.groups import Group


KEPT_VALUES_MAX = 4
"""Values that a channel keeps for readers who get changes late; older ones are left out."""


class Topic(IntEnum):
    """What a channel carries. The first five are the public topics."""

    QUOTE = 1
    BOOK = 2
    TRADE = 3
    CANDLE = 4
    CONSOLIDATED_BOOK = 5
    DELAYED_QUOTE = 6
    """Quotes as they were some time ago, for those with no right to newer ones."""
    DELAYED_TRADE = 7
    LISTING = 8
    """The listing itself; not numbered for readers."""
    VENUE = 9
    """State of a venue's feed; not numbered for readers."""


DELAYED = {Topic.QUOTE: Topic.DELAYED_QUOTE, Topic.TRADE: Topic.DELAYED_TRADE}
"""What a reader with delayed prices gets in place of a public topic; the others have none."""
LIVE = {delayed: topic for topic, delayed in DELAYED.items()}


class Form(NamedTuple):
    """How a value is shown to readers whose rights or depth differ."""

    depth: int
    rights: PriceRights
    opening: bool = False
    """As part of a snapshot."""


class Masked(NamedTuple):
    """How a value is shown to readers who chose some of its fields."""

    whole: int | Form
    fields: frozenset[str]
    """Names of the fields."""


AnyForm: TypeAlias = int | Form | Masked


class Encoder(Protocol):
    """Port: turns values into items of a frame."""

    def value(self, source: object, topic: Topic, form: int | Form) -> bytes:
        """Serialise the current value, without its envelope; empty if there is none."""

    def masked(self, value: bytes, fields: frozenset[str]) -> bytes:
        """Return a serialised value without the fields that are not named."""

    def update(
        self, name: str, sequence: int, conflated: int, value: bytes, *, snapshot: bool
    ) -> bytes:
        """Put an envelope around a value: a complete item that can be joined with others."""


class Collector(Protocol):
    """Whoever needs to see every change of a channel, in the moment of it."""

    def collect(self, channel: "Channel") -> None:
        """Take the current value of a channel that has just changed."""


class Channel:
    """One topic of one listing, or the state of one venue."""

    __slots__ = (
        "_encoder",
        "_kept",
        "counted",
        "every",
        "groups",
        "items",
        "name",
        "sequence",
        "source",
        "topic",
        "values",
        "venue_mic",
    )

    def __init__(
        self, name: str, topic: Topic, venue_mic: str, source: object, encoder: Encoder
    ) -> None:
        self.name = name
        self.topic = topic
        self.counted = topic < Topic.LISTING
        """Whether its sequence is part of a reader's high water."""
        self.venue_mic = venue_mic
        self.source = source
        self.sequence = 0
        self.groups: list[Group] = []
        self.every: list[Collector] = []
        self._kept: tuple[tuple[int, bytes], ...] = ()
        self._encoder = encoder
        self.values: dict[AnyForm, bytes] = {}
        """The present value by form; the hub clears it with each change."""
        self.items: dict[tuple[AnyForm, int, bool], bytes] = {}
        """The item by (form, conflated, snapshot); the hub clears it with each change."""

    def keep(self) -> None:
        """Keep the current value: conflation sends it before the next value.

        For a completed candle, which the next one does not replace.
        """
        self._kept = (*self._kept[1 - KEPT_VALUES_MAX :], (self.sequence, self.value(0)))

    def item(self, form: AnyForm, conflated: int = 0, *, snapshot: bool = False) -> bytes:
        """Return the current value as an item of a frame.

        Args:
            form: Depth of a book, 0 for other values; a Form where rights count; Masked for some
                of its fields.
            conflated: Changes left out before it.
            snapshot: As part of a snapshot.
        """
        key = (form, conflated, snapshot)
        item = self.items.get(key)
        if item is None:
            if not self.counted:
                item = self.value(
                    form._replace(opening=snapshot) if isinstance(form, Form) else form
                )
            elif not (value := self.value(form)):
                item = value
            else:
                item = self._encoder.update(
                    self.name, self.sequence, conflated, value, snapshot=snapshot
                )
            self.items[key] = item
        return item

    def items_since(self, form: AnyForm, base: int) -> tuple[bytes, int]:
        """Return what a reader needs after the sequence ``base``.

        Returns:
            The bytes, and the number of items in them.
        """
        if self._kept and self._kept[-1][0] > base:
            return self._with_kept(form, base)
        if base == self.sequence:
            return b"", 0
        return self.item(form, self.sequence - base - 1), 1

    def _with_kept(self, form: AnyForm, base: int) -> tuple[bytes, int]:
        parts: list[bytes] = []
        for sequence, whole in self._kept:
            if base < sequence < self.sequence:
                left_out = sequence - base - 1
                value = whole
                if isinstance(form, Masked):
                    value = self._encoder.masked(whole, form.fields)
                parts.append(
                    self._encoder.update(self.name, sequence, left_out, value, snapshot=False)
                )
                base = sequence
        parts.append(self.item(form, self.sequence - base - 1))
        return b"".join(parts), len(parts)

    def value(self, form: AnyForm) -> bytes:
        """Serialise the current value, once; empty if there is none."""
        value = self.values.get(form)
        if value is None:
            if isinstance(form, Masked):
                whole = self.value(form.whole)
                value = self._encoder.masked(whole, form.fields) if whole else whole
            else:
                value = self._encoder.value(self.source, self.topic, form)
            self.values[form] = value
        return value
