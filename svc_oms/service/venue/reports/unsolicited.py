"""Finds the order of a report that has no ClOrdID(11) of ours.

By the venue's OrderID(37), in this order: an unsolicited order reported before; an order that
has or had this number here; an order that is opened now. Only the session's owner looks, under
its token, so an OrderID(37) opens one order; the database enforces that. A report for which
none is found stays without an order and is parked. One that contradicts the order of its number
is parked with that order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from kernel.nanoseconds import NS_PER_DAY
from kernel.ulid import first_ulid, new_ulid
from svc_oms.domain.facts import ExecutionReportFacts
from svc_oms.domain.model import Order
from svc_oms.domain.order_terms.checks import Instrument
from svc_oms.domain.reports.unsolicited import NO_ORDER_ID, differences, opened, why_not
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.ports import Transaction
from svc_oms.service.reference.market import Market
from svc_oms.service.venue.reports.reports import Report


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
    await _name_by_number(transaction, venue_mic, found)
    if not strays:
        return found
    reports = found.reports
    known = await _unsolicited_before(transaction, venue_mic, strays, found)
    having = await _having(transaction, venue_mic, strays, known)
    # Counted only when an order is to be opened.
    opened_before: int | None = None
    named = list(reports)
    for place, facts, instrument in strays:
        report = reports[place]
        order_id, why = known.get(facts.venue_order_id, ""), ""
        if not order_id and facts.venue_order_id in having:
            order_id, why = _one_of(having[facts.venue_order_id], facts, found)
        elif not order_id:
            why = why_not(facts, instrument)
            if not why:
                if opened_before is None:
                    after = first_ulid(now_ns - NS_PER_DAY)
                    opened_before = await transaction.unsolicited_opened(venue_mic, after)
                why = _why_full(facts, opened_before + len(found.openings))
            if not why:
                assert instrument is not None, "why_not says so"
                order = opened(facts, instrument, new_ulid(now_ns), now_ns)
                order_id = known[facts.venue_order_id] = order.order_id
                found.openings[order_id] = order
                found.order_accounts[order_id] = order.account_id
        error = f"{report.error}; {why}" if why else ""
        named[place] = report._replace(order_id=order_id, error=error)
    found.reports = named
    return found


async def _name_by_number(transaction: Transaction, venue_mic: str, found: Unsolicited) -> None:
    """Find the orders of refusals, and of what could not be read, if OrderID(37) names one."""
    numbers = {
        place: number
        for place, report in enumerate(found.reports)
        if not report.order_id
        and not isinstance(report.facts, ExecutionReportFacts)
        and (number := report.venue_order_id) not in NO_ORDER_ID
        and number.isprintable()
    }
    if not numbers:
        return
    having: dict[str, list[Order]] = {}
    wanted = sorted(set(numbers.values()))
    for number, row in await transaction.orders_by_venue_id(venue_mic, wanted):
        having.setdefault(number, []).append(read_order(row.body, row.fold))
    named = list(found.reports)
    for place, number in numbers.items():
        orders = having.get(number, [])
        # A number that is used again belongs to the order that still works.
        chosen = [one for one in orders if not one.is_closed] or orders
        if len(chosen) == 1:
            found.order_accounts[chosen[0].order_id] = chosen[0].account_id
            report = named[place]
            error = report.error if report.facts is None else ""
            named[place] = report._replace(order_id=chosen[0].order_id, error=error)
    found.reports = named


async def _unsolicited_before(
    transaction: Transaction, venue_mic: str, strays: Sequence[_Stray], found: Unsolicited
) -> dict[str, str]:
    """Return the unsolicited orders reported before by OrderID(37), and note their accounts."""
    ids = sorted({each.facts.venue_order_id for each in strays})
    rows = await transaction.unsolicited_orders(
        venue_mic, [one for one in ids if one.isprintable()]
    )
    known = {}
    for venue_order_id, order_id, account_id in rows:
        known[venue_order_id] = order_id
        found.order_accounts[order_id] = account_id
    return known


async def _having(
    transaction: Transaction, venue_mic: str, strays: Sequence[_Stray], known: dict[str, str]
) -> dict[str, list[Order]]:
    """Return the other orders that have or had an OrderID(37), by that number."""
    wanted = {each.facts.venue_order_id for each in strays} - known.keys()
    printable = sorted(one for one in wanted if one.isprintable())
    having: dict[str, list[Order]] = {}
    if printable:
        for venue_order_id, row in await transaction.orders_by_venue_id(venue_mic, printable):
            having.setdefault(venue_order_id, []).append(read_order(row.body, row.fold))
    return having


def _one_of(
    orders: Sequence[Order], facts: ExecutionReportFacts, found: Unsolicited
) -> tuple[str, str]:
    """Return the order a report is of, and why it cannot be applied to it; empty if it can."""
    agreeing = [one for one in orders if not [*differences(one, facts.reported_order)]]
    # A number that is used again belongs to the order that still works.
    working = [one for one in agreeing if not one.is_closed]
    chosen = working or agreeing
    if len(chosen) > 1:
        return "", f"OrderID(37) {facts.venue_order_id!r} is that of {len(chosen)} orders here"
    if chosen:
        found.order_accounts[chosen[0].order_id] = chosen[0].account_id
        return chosen[0].order_id, ""
    if len(orders) > 1:
        text = f"none of {len(orders)} orders here with OrderID(37) {facts.venue_order_id!r} agrees"
        return "", text
    found.order_accounts[orders[0].order_id] = orders[0].account_id
    return orders[0].order_id, "; ".join(differences(orders[0], facts.reported_order))


def _why_full(facts: ExecutionReportFacts, opened_before: int) -> str:
    reported = facts.reported_order
    assert reported is not None, "why_not says so"
    if opened_before < reported.opens_max:
        return ""
    return (
        f"{opened_before} unsolicited orders of this venue were opened in the last 24 hours; "
        f"telephone_orders_per_day_max of its venues file is {reported.opens_max}"
    )


def _listing(market: Market, venue_mic: str, facts: ExecutionReportFacts) -> Instrument | None:
    reported = facts.reported_order
    return None if reported is None else market.find(f"{reported.symbol}.{venue_mic}")
