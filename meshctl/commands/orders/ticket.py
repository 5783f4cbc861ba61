"""From the command line to an order: its type, its terms, and linked orders."""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from meshctl.commands.common import number, usage_error
from ordermesh.oms.v1 import order_pb2, order_service_pb2


class SideWord(StrEnum):
    """Side(54) in words."""

    BUY = "buy"
    SELL = "sell"
    SELL_SHORT = "sell-short"
    SELL_SHORT_EXEMPT = "sell-short-exempt"


class TifWord(StrEnum):
    """TimeInForce(59) in words."""

    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    GTD = "gtd"
    AT_OPEN = "at-open"
    AT_CLOSE = "at-close"


class TriggerWord(StrEnum):
    """TriggerPriceType(1107) in words."""

    LAST = "last"
    BEST_BID = "best-bid"
    BEST_OFFER = "best-offer"
    MIDPOINT = "midpoint"


@dataclass(frozen=True)
class Ticket:
    """The typed options; an empty text was not typed."""

    side: SideWord
    quantity: str
    limit: str = ""
    stop: str = ""
    trail: str = ""
    display: str = ""
    peg: str = ""
    market_to_limit: bool = False
    tif: TifWord | None = None
    expire: str = ""
    trigger: TriggerWord | None = None
    cash: str = ""

    def order_type(self) -> order_pb2.OrderType:
        """Return the order type for these prices. Exits with the usage code when there is none."""
        alone = [
            name
            for name, given in {
                "--peg": self.peg,
                "--trail": self.trail,
                "--display": self.display,
                "--market-to-limit": self.market_to_limit,
            }.items()
            if given
        ]
        if len(alone) > 1:
            usage_error(
                f"{' and '.join(alone)} cannot be combined: each makes a different order type"
            )
        if self.stop and alone and alone != ["--trail"]:
            usage_error(f"--stop and {alone[0]} cannot be combined")
        if self.trail:
            return order_pb2.ORDER_TYPE_TRAILING_STOP
        if self.stop:
            return order_pb2.ORDER_TYPE_STOP_LIMIT if self.limit else order_pb2.ORDER_TYPE_STOP
        if alone:
            return _ALONE[alone[0]]
        return order_pb2.ORDER_TYPE_LIMIT if self.limit else order_pb2.ORDER_TYPE_MARKET

    def terms(self, now: datetime) -> order_pb2.OrderTerms:
        """Return the terms; the mesh checks whether they fit together."""
        tif = self.tif or (TifWord.GTD if self.expire else TifWord.DAY)
        made = order_pb2.OrderTerms(
            quantity=number(self.quantity),
            cash_quantity=number(self.cash),
            limit_price=number(self.limit),
            stop_price=number(self.stop),
            trailing_offset=number(self.trail),
            display_quantity=number(self.display),
            time_in_force=f"TIME_IN_FORCE_{tif.name}",
        )
        if self.expire:
            made.expire_time.CopyFrom(moment(self.expire, now, "--expire"))
        if self.peg:
            made.peg.CopyFrom(_peg(self.peg))
        if self.trigger is not None:
            made.trigger_price_type = _TRIGGERS[self.trigger]
        return made


_ALONE: Final = {
    "--peg": order_pb2.ORDER_TYPE_PEGGED,
    "--display": order_pb2.ORDER_TYPE_ICEBERG,
    "--market-to-limit": order_pb2.ORDER_TYPE_MARKET_TO_LIMIT,
}
_TRIGGERS: Final = {
    TriggerWord.LAST: order_pb2.TRIGGER_PRICE_TYPE_LAST,
    TriggerWord.BEST_BID: order_pb2.TRIGGER_PRICE_TYPE_BEST_BID,
    TriggerWord.BEST_OFFER: order_pb2.TRIGGER_PRICE_TYPE_BEST_OFFER,
    TriggerWord.MIDPOINT: order_pb2.TRIGGER_PRICE_TYPE_MIDPOINT,
}
_PEG_WORDS: Final = {
    "primary": order_pb2.PEG_REFERENCE_PRIMARY,
    "midpoint": order_pb2.PEG_REFERENCE_MIDPOINT,
    "market": order_pb2.PEG_REFERENCE_MARKET,
}


def _peg(text: str) -> order_pb2.Peg:
    """Read "midpoint" or "primary:-0.05"."""
    word, _, offset = text.partition(":")
    if word not in _PEG_WORDS:
        usage_error(
            f"--peg is {text!r}; it should be {', '.join(_PEG_WORDS)}, with :OFFSET if needed"
        )
    return order_pb2.Peg(reference=_PEG_WORDS[word], offset=number(offset))


_AGO: Final = re.compile(r"^(\d{1,6})([smhd])( ago)?$")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str, option: str) -> int:
    """Read a length of time in whole seconds: 30s, 5m, 2h."""
    found = _AGO.match(text)
    if found is None or found[3]:
        usage_error(f"{option} is {text!r}; it should be like 30s, 5m or 2h")
    return int(found[1]) * _SECONDS[found[2]]


_TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?$")


def moment(text: str, now: datetime, option: str, *, past: bool = False) -> Timestamp:
    """Read a time: ISO 8601 or a time of today, UTC if it has no zone, or a distance: 30m, 2h, 7d.

    Args:
        text: What was typed.
        now: The time that distances count from.
        option: Named in the error.
        past: Distances count backwards; " ago" may follow them.
    """
    made = Timestamp()
    if (found := _AGO.match(text)) and (past or not found[3]):
        distance = timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
        made.FromDatetime(now - distance if past else now + distance)
        return made
    try:
        today = f"{now.astimezone(UTC):%Y-%m-%d}T" if _TIME.match(text) else ""
        when = datetime.fromisoformat(f"{today}{text}")
    except ValueError:
        ago = " ago" if past else ""
        usage_error(
            f"{option} is {text!r}; it should be like 2027-01-31T17:30 (UTC), 17:30, or 30m{ago}, "
            f"2h{ago}, 7d{ago}"
        )
    made.FromDatetime(when if when.tzinfo else when.replace(tzinfo=UTC))
    return made


AsOfOption = Annotated[
    str,
    typer.Option(
        "--as-of", help="As it stood at this time: 2027-01-31T10:32 (UTC), 10:32, 2h ago."
    ),
]


def instant(text: str) -> Timestamp:
    """Read the time of --as-of."""
    return moment(text, datetime.now(UTC), "--as-of", past=True)


OPPOSITE: Final = dict.fromkeys(SideWord, "SIDE_BUY") | {SideWord.BUY: "SIDE_SELL"}


def oco_pair(
    first: order_service_pb2.PlaceRequest, stop: str
) -> order_service_pb2.PlaceBatchRequest:
    """Link an order with a stop on the same side: the first execution of one cancels the other."""
    group = str(uuid.uuid4())
    second = order_service_pb2.PlaceRequest()
    second.CopyFrom(first)
    second.type = order_pb2.ORDER_TYPE_STOP
    second.terms.limit_price = ""
    second.terms.stop_price = number(stop)
    for one in (first, second):
        one.idempotency_key = str(uuid.uuid4())
        one.link.CopyFrom(order_pb2.OrderLink(kind="ORDER_LINK_KIND_OCO", group_id=group))
    return _batch([first, second])


def bracket(
    entry: order_service_pb2.PlaceRequest, side: SideWord, exits: str
) -> order_service_pb2.PlaceBatchRequest:
    """Add exits to an entry, PROFIT:LOSS: a limit and a stop on the other side."""
    profit, colon, loss = exits.partition(":")
    if not colon or not (profit or loss):
        usage_error(f"--bracket is {exits!r}; it should be PROFIT:LOSS, one of them may be empty")
    link = order_pb2.OrderLink(kind="ORDER_LINK_KIND_BRACKET", group_id=str(uuid.uuid4()))
    entry.idempotency_key = str(uuid.uuid4())
    entry.link.CopyFrom(link)
    # The entry makes the position that its exits may only reduce.
    reduce_only, entry.reduce_only = entry.reduce_only, False
    made = [entry]
    for price, field, type_ in (
        (profit, "limit_price", order_pb2.ORDER_TYPE_LIMIT),
        (loss, "stop_price", order_pb2.ORDER_TYPE_STOP),
    ):
        if not price:
            continue
        one = order_service_pb2.PlaceRequest(
            idempotency_key=str(uuid.uuid4()),
            account_id=entry.account_id,
            instrument_id=entry.instrument_id,
            side=OPPOSITE[side],
            type=type_,
            terms=order_pb2.OrderTerms(
                quantity=entry.terms.quantity, time_in_force=order_pb2.TIME_IN_FORCE_GTC
            ),
            link=link,
            reduce_only=reduce_only,
        )
        setattr(one.terms, field, number(price))
        one.link.parent_key = entry.idempotency_key
        made.append(one)
    return _batch(made)


def _batch(orders: list[order_service_pb2.PlaceRequest]) -> order_service_pb2.PlaceBatchRequest:
    return order_service_pb2.PlaceBatchRequest(
        idempotency_key=str(uuid.uuid4()),
        account_id=orders[0].account_id,
        orders=orders,
        atomic=True,
    )
