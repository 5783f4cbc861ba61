"""What a subscriber wants."""

from dataclasses import dataclass
from enum import Enum, auto

from svc_marketdata.domain.price_rights import ALL_PRICES, PriceRight, PriceRights
from svc_marketdata.service.channels import (
    DELAYED,
    LIVE,
    AnyForm,
    Channel,
    Form,
    Masked,
    Topic,
)


class Mode(Enum):
    """How updates are delivered."""

    EVERY_EVENT = auto()
    INTERVAL = auto()
    LATEST_ON_READY = auto()


@dataclass(frozen=True, slots=True)
class Interest:
    """What a subscriber receives; equal interests share a group."""

    topics: frozenset[Topic]
    instruments: frozenset[str] | None = None
    """Ids of listings; None for all."""
    venue_mic: str = ""
    """Only this venue, if not empty."""
    depth: int = 10
    mode: Mode = Mode.LATEST_ON_READY
    interval_ms: int = 0
    keys: frozenset[str] | None = None
    """Names of consolidated books; None for all."""
    rights: PriceRights = ALL_PRICES
    """What the subscriber may read."""
    fields: tuple[tuple[Topic, frozenset[str]], ...] = ()
    """Names of the fields that are sent, of topics that are not sent whole."""

    def wants(self, channel: Channel) -> bool:
        """Return whether the channel is part of the interest."""
        if LIVE.get(channel.topic, channel.topic) not in self.topics:
            return False
        if channel.topic is Topic.CONSOLIDATED_BOOK:
            return self.keys is None or channel.name in self.keys
        if not self._may_read(channel):
            return False
        if self.venue_mic and channel.venue_mic != self.venue_mic:
            return False
        if self.instruments is None or channel.name in self.instruments:
            return True
        return channel.topic is Topic.VENUE and any(
            instrument.endswith(f".{channel.name}") for instrument in self.instruments
        )

    def _may_read(self, channel: Channel) -> bool:
        """Return whether the rights to its venue allow the channel."""
        if channel.topic >= Topic.LISTING:
            return True
        right = self.rights.of(channel.venue_mic)
        if channel.topic in LIVE:
            return right is PriceRight.DELAYED
        return right is PriceRight.REAL_TIME

    def topics_read(self) -> list[Topic]:
        """Return the topics of the channels it may want, in order."""
        return sorted(self.topics | {DELAYED[topic] for topic in self.topics & DELAYED.keys()})

    def opens_with(self, channel: Channel) -> bool:
        """Return whether the channel is part of the snapshot.

        Listings are sent to readers of prices only when they change.
        """
        return channel.topic is not Topic.LISTING or len(self.topics) == 1

    def form_of(self, channel: Channel) -> AnyForm:
        """Return the depth for books, rights where values depend on them, and chosen fields."""
        whole = self._whole_form_of(channel)
        for topic, fields in self.fields:
            if topic is LIVE.get(channel.topic, channel.topic):
                return Masked(whole, fields)
        return whole

    def _whole_form_of(self, channel: Channel) -> int | Form:
        if channel.topic is Topic.BOOK:
            return self.depth
        if channel.topic is Topic.CONSOLIDATED_BOOK:
            return Form(self.depth, self.rights)
        return Form(0, self.rights) if channel.topic is Topic.VENUE else 0
