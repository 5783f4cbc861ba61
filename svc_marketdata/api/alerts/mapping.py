"""Alerts between proto and domain."""

from kernel.nanoseconds import NS_PER_S
from mesh.timestamps import to_timestamp
from ordermesh.marketdata.v1 import market_data_pb2
from ordermesh.marketdata.v1 import price_alert_pb2 as pb
from svc_marketdata.domain.alerts.alert import Alert, AlertPrice, AlertState, Condition
from svc_marketdata.domain.price_rights import PriceRight, PriceRights
from svc_marketdata.service.alerts.ports import LogEntry
from svc_marketdata.service.alerts.prices import Shown
from svc_marketdata.service.delayed import DELAY_S

PRICES = {
    pb.ALERT_PRICE_UNSPECIFIED: AlertPrice.LAST,
    pb.ALERT_PRICE_LAST: AlertPrice.LAST,
    pb.ALERT_PRICE_BID: AlertPrice.BID,
    pb.ALERT_PRICE_ASK: AlertPrice.ASK,
    pb.ALERT_PRICE_MID: AlertPrice.MID,
}
# LAST is UNSPECIFIED, too: the later one counts.
_PRICE_TO_PROTO = {domain: proto for proto, domain in PRICES.items()}
_CONDITIONS = {
    Condition.ABOVE: pb.ALERT_CONDITION_ABOVE,
    Condition.BELOW: pb.ALERT_CONDITION_BELOW,
}
_STATES = {
    AlertState.ACTIVE: pb.ALERT_STATE_ACTIVE,
    AlertState.FIRED: pb.ALERT_STATE_FIRED,
    AlertState.EXPIRED: pb.ALERT_STATE_EXPIRED,
    AlertState.CANCELED: pb.ALERT_STATE_CANCELED,
    AlertState.ENDED: pb.ALERT_STATE_ENDED,
}


def alert_to_proto(alert: Alert, rights: PriceRights, now_ns: int) -> pb.PriceAlert:
    """An alert as its user may see it now."""
    message = pb.PriceAlert(
        alert_id=alert.alert_id,
        instrument_id=alert.instrument_id,
        price=_PRICE_TO_PROTO[alert.price],
        condition=_CONDITIONS[alert.condition],
        threshold=alert.threshold,
        percent=alert.percent,
        reference_price=alert.reference_price,
        note=alert.note,
        state=_STATES[alert.state],
        created_at=to_timestamp(alert.created_ns),
        expires_at=to_timestamp(alert.expires_ns),
        ended_text=alert.ended_text,
        delayed_s=DELAY_S if alert.delayed else 0,
    )
    if alert.ended_ns:
        message.ended_at.CopyFrom(to_timestamp(alert.ended_ns))
    if _may_read(alert, rights, now_ns):
        message.fired_price = alert.fired_price
    return message


def _may_read(alert: Alert, rights: PriceRights, now_ns: int) -> bool:
    """Return whether the price that made an alert fire may be shown."""
    right = rights.of(alert.venue_mic)
    if right is PriceRight.DELAYED:
        return alert.delayed or now_ns - alert.ended_ns >= DELAY_S * NS_PER_S
    return right is PriceRight.REAL_TIME


def event_to_proto(entry: LogEntry, rights: PriceRights, now_ns: int) -> pb.AlertEvent:
    """A change of an alert."""
    return pb.AlertEvent(
        sequence=entry.sequence,
        recorded_at=to_timestamp(entry.recorded_ns),
        alert=alert_to_proto(entry.alert, rights, now_ns),
    )


def shown_of(value: bytes) -> Shown:
    """Read the prices of a delayed value that count for alerts."""
    update = market_data_pb2.MarketDataUpdate.FromString(value)
    if update.HasField("trade"):
        trade = update.trade
        return Shown() if trade.off_market or trade.withdrawn else Shown(last=trade.price)
    quote = update.quote
    if quote.stale:
        return Shown()
    last = "" if quote.last_off_market else quote.last_price
    return Shown(last) if quote.flags else Shown(last, quote.bid_price, quote.ask_price)
