"""Finds the order of a report that has no ClOrdID(11) of ours.

By the venue's OrderID(37), in this order: an unsolicited order reported before; an order of
ours, of the same account, listing and side; an order that is opened now. Only the session's
owner looks, under its token, so an OrderID(37) opens one order; the database enforces that. A
report for which none is found stays without an order and is parked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from kernel.ulid import new_ulid
from svc_oms.domain.checks import Instrument
from svc_oms.domain.model import Order
from svc_oms.domain.reports.facts import ExecutionReportFacts
from svc_oms.domain.reports.unsolicited import NO_ORDER_ID, opened, side_of, why_not
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.ports import Transaction
from svc_oms.service.reference.market import Market
from svc_oms.service.venue.reports import Report


class _Stray(NamedTuple):
    """A report whose order may be known only by the venue's name."""

    place: int
    facts: ExecutionReportFacts
    instrument: Instrument | None


@dataclass(slots=True)
class Unsolicited:
    """The orders found for the reports of a batch.

    Attributes:
        reports: All of them, each with its order if there is one.
        order_accounts: Accounts of the orders found here, by order.
        openings: Orders that are opened, as they are before their first report.
    """

    reports: Sequence[Report]
    order_accounts: dict[str, str] = field(default_factory=dict)
    openings: dict[str, Order] = field(default_factory=dict)


async def find_unsolicited(
    transaction: Transaction, market: Market, venue_mic: str, reports: Sequence[Report], now_ns: int
) -> Unsolicited:
    """Find the orders of a batch's reports; reads nothing if all of them name one."""
    strays = [
        _Stray(place, report.facts, _listing(market, venue_mic, report.facts))
        for place, report in enumerate(reports)
        if not report.order_id
        and isinstance(report.facts, ExecutionReportFacts)
        and report.facts.venue_order_id not in NO_ORDER_ID
    ]
    found = Unsolicited(reports)
    if not strays:
        return found
    known = await _known(transaction, venue_mic, strays, found)
    named = list(reports)
    for place, facts, instrument in strays:
        order_id = known.get(facts.venue_order_id, "")
        why = "" if order_id else why_not(facts, instrument)
        if not order_id and not why:
            assert instrument is not None, "why_not says so"
            order = opened(facts, instrument, new_ulid(now_ns), now_ns)
            order_id = known[facts.venue_order_id] = order.order_id
            found.openings[order_id] = order
            found.order_accounts[order_id] = order.account_id
        report = reports[place]
        error = f"{report.error}; {why}" if why else ""
        named[place] = report._replace(order_id=order_id, error=error)
    found.reports = named
    return found


async def _known(
    transaction: Transaction, venue_mic: str, strays: Sequence[_Stray], found: Unsolicited
) -> dict[str, str]:
    """Return the existing orders by OrderID(37), and note their accounts."""
    ids = sorted({each.facts.venue_order_id for each in strays})
    rows = await transaction.unsolicited_orders(
        venue_mic, [one for one in ids if one.isprintable()]
    )
    known = {}
    for venue_order_id, order_id, account_id in rows:
        known[venue_order_id] = order_id
        found.order_accounts[order_id] = account_id
    wanted = {
        (reported.account_id, each.instrument.instrument_id, each.facts.venue_order_id)
        for each in strays
        if (reported := each.facts.reported_order) is not None
        and each.instrument is not None
        and each.facts.venue_order_id not in known
        and each.facts.venue_order_id.isprintable()
    }
    if not wanted:
        return known
    sides = {
        (each.facts.venue_order_id, side_of(reported))
        for each in strays
        if (reported := each.facts.reported_order) is not None
    }
    for row in await transaction.orders_by_venue_id(venue_mic, sorted(wanted)):
        order = read_order(row.body, row.fold)
        key = (order.account_id, order.instrument_id, order.venue_order_id)
        if key in wanted and (order.venue_order_id, order.side) in sides:
            known[order.venue_order_id] = order.order_id
            found.order_accounts[order.order_id] = order.account_id
    return known


def _listing(market: Market, venue_mic: str, facts: ExecutionReportFacts) -> Instrument | None:
    reported = facts.reported_order
    return None if reported is None else market.find(f"{reported.symbol}.{venue_mic}")
