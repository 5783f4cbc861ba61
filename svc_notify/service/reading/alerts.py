"""The log of price alerts: those that fired."""

import json
from collections.abc import Sequence
from typing import Final

from eventlog.logs import Entry
from ordermesh.marketdata.v1 import price_alert_pb2
from svc_notify.domain.notification import Audience, Draft, Kind, Severity, shortened
from svc_notify.service.reading.found import Found, Orders

CONDITIONS: Final = {
    price_alert_pb2.ALERT_CONDITION_ABOVE: "at or above",
    price_alert_pb2.ALERT_CONDITION_BELOW: "at or below",
}


def read_alerts(entries: Sequence[Entry], orders: Orders) -> Found:
    """Read changes of alerts.

    The price that made an alert fire is not in the text: whether its user may read that price is
    decided when the user asks (PriceAlertService).
    """
    del orders
    found = Found()
    for entry in entries:
        row = json.loads(entry.payload)
        if row["state"] != price_alert_pb2.ALERT_STATE_FIRED:
            continue
        price = price_alert_pb2.AlertPrice.Name(row["price"]).removeprefix("ALERT_PRICE_")
        note = f": {row['note']}" if row["note"] else ""
        name = row["instrument_id"]
        found.drafts.append(
            Draft(
                Kind.PRICE_ALERT,
                Severity.WARNING,
                Audience.USER,
                row["ended_ns"],
                shortened(
                    f"Price alert: {price} of {name} is {CONDITIONS[row['condition']]} "
                    f"{row['threshold']}{note}"
                ),
                user_id=row["user_id"],
                instrument_id=name,
                venue_mic=name.rpartition(".")[2],
                object_id=row["alert_id"],
            )
        )
    return found
