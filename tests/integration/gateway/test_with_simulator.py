"""The gateway and the simulated venue know each other only by FIX 4.4: do both read it alike?"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from mesh.settings import child_environment
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.oms.v1 import order_pb2 as oms
from tests.support.forked import Forked
from tests.support.gateway_bench import Bench, command
from tests.support.ports import free_port
from tests.support.waiting import until


@pytest.fixture
async def simulated(bench: Bench) -> AsyncIterator[Bench]:
    port = free_port()
    words = ("--mic", "SIMA", "--port", str(port), "--store", str(bench.folder / "sim"),
             "--no-agents", "--ops", f"127.0.0.1:{free_port()}")  # fmt: skip
    process = Forked("sim_exchange", words, child_environment({}))
    own = {"venue_mic": "SIMA", "target_comp_id": "SIMA", "port": port}
    orders = bench.order_session(**own, dialect={"mass_status": True})
    bench.sessions = [orders, bench.market_session(**own)]
    yield bench
    await bench.stop()
    process.kill()
    await asyncio.to_thread(process.wait)


async def test_orders_and_prices(simulated: Bench) -> None:
    bench = simulated
    await bench.start()
    await bench.oms.until_up(60)
    await until(lambda: len(bench.market.instruments) >= 10, "instruments")
    instrument = next(iter(bench.market.instruments.values()))
    assert instrument.tick_table
    symbol = instrument.symbol
    await until(
        lambda: any(u.statistics.close_price for u in bench.market.updates), "reference prices"
    )
    price = next(
        u.statistics.close_price for u in bench.market.updates
        if u.instrument_id == instrument.instrument_id and u.statistics.close_price
    )  # fmt: skip

    def order(number: int, side: int) -> link.VenueCommand:
        made = command(number, symbol=symbol, isin=instrument.isin, side=side)
        made.terms.limit_price, made.terms.quantity = price.partition(".")[0], "100"
        return made

    bench.oms.command(order(1, 1))
    await bench.oms.until_reports(1)
    accepted = bench.oms.reports()[0]
    assert (accepted.exec_type, accepted.ord_status) == ("0", "0"), accepted.text
    await until(
        lambda: any(u.instrument_id == instrument.instrument_id and
                    (u.level.size == "100" or any(b.size == "100" for b in u.book.bids))
                    for u in bench.market.updates), "the order in the book",
    )  # fmt: skip
    bench.oms.command(order(2, 2))
    await bench.oms.until_reports(4)
    assert [r.exec_type for r in bench.oms.reports()].count("F") == 2
    status = command(3, link.VENUE_COMMAND_KIND_STATUS, symbol=symbol, isin=instrument.isin,
                     orig_cl_ord_id="01ARZ3NDEKTSV4RRFFQ69G5F99-1")  # fmt: skip
    bench.oms.command(status)
    await bench.oms.until_reports(5)
    unknown = bench.oms.reports()[4]
    assert (unknown.exec_type, unknown.ord_status, unknown.ord_rej_reason) == ("I", "8", 5)
    assert unknown.cl_ord_id == status.orig_cl_ord_id


async def without_receipts(bench: Bench) -> Bench:
    """Bring the order session up; the OMS keeps no receipts."""
    bench.sessions = bench.sessions[:1]
    bench.oms.keep_receipts = False
    await bench.start()
    await bench.oms.until_up(60)
    return bench


def sap_order(number: int) -> link.VenueCommand:
    made = command(number, symbol="SAP", isin="DE0007164600", side=1)
    made.terms.limit_price, made.terms.quantity = "240", "100"
    return made


async def test_doubts_behind_a_crash_end_by_mass_status_and_singly_for_what_is_closed(
    simulated: Bench,
) -> None:
    bench = await without_receipts(simulated)
    for number in (1, 2, 3):
        made = sap_order(number)
        if number == 3:  # closed at once, so that the mass answer leaves it out
            made.terms.time_in_force = oms.TIME_IN_FORCE_IOC
        bench.oms.command(made)
    await bench.oms.until_reports(4)
    await until(lambda: sum(len(f.receipts) for f in bench.oms.frames) >= 3, "receipts")
    await bench.stop()
    bench.oms.keep_receipts = True
    await bench.start()
    names = [one.cl_ord_id for one in bench.oms.reports()[:3]]

    def answers(name: str) -> list[link.ExecutionReport]:
        later = bench.oms.reports()[4:]
        return [one for one in later if one.status_request_id == one.cl_ord_id == name]

    # A doubt that reaches the gateway after the question about all is asked about singly too.
    await until(lambda: all(answers(name) for name in names), "each doubt has its answer")
    (closed,) = answers(names[2])
    assert (closed.mass_status_request_id, closed.ord_status) == ("", "4")
    for name in names[:2]:
        assert {(one.exec_type, one.ord_status) for one in answers(name)} == {("I", "0")}
    assert answers(names[0])[0].mass_status_request_id, "one question about all came first"


async def test_no_open_orders_is_an_answer_too(simulated: Bench) -> None:
    bench = await without_receipts(simulated)
    made = sap_order(1)
    made.terms.time_in_force = oms.TIME_IN_FORCE_IOC
    bench.oms.command(made)
    await bench.oms.until_reports(2)
    await until(lambda: any(f.receipts for f in bench.oms.frames), "a receipt")
    await bench.stop()
    bench.oms.keep_receipts = True
    await bench.start()
    # The one report of the mass answer is of no order, and nothing for the OMS.
    await bench.oms.until_reports(3)
    single = bench.oms.reports()[2]
    assert (single.status_request_id, single.ord_status) == (made.cl_ord_id, "4")
