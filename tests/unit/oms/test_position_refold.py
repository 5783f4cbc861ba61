"""Busts and corrections through the session link: the position, the limits and the verification."""

import itertools
from decimal import Decimal

import pytest

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from tests.support.limits import BUY, EPOCH, SELL, LimitBench

D = Decimal


class Venue:
    """Reports of the venue, many in one batch."""

    def __init__(self, bench: LimitBench) -> None:
        self.bench = bench
        self.cums: dict[int, D] = {}
        self.messages: list[gw.VenueMessage] = []
        self._ids = itertools.count(1)

    def report(self, number: int, exec_type: str, change: int, **fields: str) -> str:
        """Add a report that changes CumQty(14)."""
        cum = self.cums[number] = self.cums.get(number, D(0)) + change
        exec_id = f"{exec_type}{next(self._ids)}"
        report = gw.ExecutionReport(
            cl_ord_id=f"{self.bench.orders[number]}-1", venue_order_id=f"V{number}",
            exec_id=exec_id, exec_type=exec_type, ord_status="2" if cum == 100 else "1",
            order_quantity="100", cum_quantity=str(cum), leaves_quantity=str(100 - cum), **fields,
        )  # fmt: skip
        self.messages.append(
            gw.VenueMessage(
                msg_seq_num=next(self.bench._numbers), session_epoch=EPOCH, execution_report=report
            )
        )
        return exec_id

    def fill(self, number: int, quantity: int, price: str) -> str:
        return self.report(number, "F", quantity, last_quantity=str(quantity), last_price=price)

    def bust(self, number: int, exec_id: str, quantity: int) -> None:
        self.report(number, "H", -quantity, exec_ref_id=exec_id)

    def correct(self, number: int, exec_id: str, was: int, now: int, price: str) -> str:
        return self.report(
            number, "G", now - was, exec_ref_id=exec_id, last_quantity=str(now), last_price=price
        )

    async def say(self) -> None:
        """Let the link apply all reports as one batch."""
        messages, self.messages = self.messages, []
        await self.bench.link.apply(messages, ())


async def position(bench: LimitBench) -> tuple[D, D, D, int]:
    (row,) = await bench.office.store.positions("ACC-ALICE")
    return D(row.quantity), D(row.cost), D(row.realised), row.as_of_sequence


@pytest.fixture
async def bench():
    made = await LimitBench.make()
    await made.place(BUY, 100, "1000")
    await made.place(SELL, 100, "1010")
    return made


@pytest.fixture
def venue(bench):
    return Venue(bench)


async def test_the_bust_of_a_closing_sell_opens_what_it_closed(bench, venue):
    venue.fill(0, 100, "1000")
    sold = venue.fill(1, 100, "1010")
    await venue.say()
    assert (await position(bench))[:3] == (0, 0, 1000)
    venue.bust(1, sold, 100)
    await venue.say()
    assert (await position(bench))[:3] == (100, 100_000, 0)


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "a batch each"])
async def test_fills_before_and_after_an_amendment_count_wherever_they_come(bench, venue, together):
    async def pause() -> None:
        if not together:
            await venue.say()

    first = venue.fill(0, 40, "1000")
    await pause()
    sold = venue.fill(1, 60, "1010")
    await pause()
    corrected = venue.correct(0, first, 40, 50, "1002")
    await pause()
    venue.fill(0, 30, "1004")
    await pause()
    venue.correct(0, corrected, 50, 45, "1001")
    await pause()
    venue.bust(1, sold, 60)
    await pause()
    venue.fill(1, 20, "1012")
    await venue.say()
    # 45 at 1001 and 30 at 1004 are left, of which 20 are sold at 1012.
    quantity, cost, realised, sequence = await position(bench)
    paid = D(45 * 1001 + 30 * 1004)
    assert quantity == 55
    assert realised - cost == 20 * 1012 - paid
    assert abs(cost - paid * 55 / 75) < D("1e-8")
    assert sequence == (await bench.order(1)).last_sequence


async def test_limits_count_the_position_that_is_folded_anew(bench, venue):
    await bench.set_limit("SHORT_SALE")
    venue.fill(0, 100, "1000")
    sold = venue.fill(1, 100, "1010")
    await venue.say()
    assert (await bench.place(SELL, 1, "1010")).reason == "SHORT_SALE_NOT_ALLOWED"
    venue.bust(1, sold, 100)
    venue.report(1, "4", 0)
    await venue.say()
    for replica in (bench, await bench.peer()):
        usage = await replica.usage()
        assert usage.account_id == "ACC-ALICE"
        outcome = await replica.place(SELL, 50, "1010")
        assert getattr(outcome, "order_id", ""), outcome


async def test_executions_of_other_instruments_are_left_out(bench, venue):
    """Their orders may have the ISIN of this one in a note."""
    await bench.place(
        BUY, 100, "10", instrument_id="PHIA.SIMA", client_note="hedge of NL0010273215"
    )
    venue.fill(2, 50, "10")
    await bench.place(BUY, 100, "999", instrument_id="ASML.SIMB")
    bought = venue.fill(0, 100, "1000")
    await venue.say()
    venue.bust(0, bought, 100)
    await venue.say()
    rows = await bench.office.store.positions("ACC-ALICE")
    assert {row.isin: row.quantity for row in rows} == {"NL0010273215": "0", "NL0000009538": "50"}


async def test_a_normal_fill_reads_no_executions(bench, venue, monkeypatch):
    async def none(*_args):
        raise AssertionError("only a bust or a correction folds a position anew")

    monkeypatch.setattr("svc_oms.service.controls.limits_control.refold_position", none)
    venue.fill(0, 100, "1000")
    await venue.say()
    assert (await position(bench))[0] == 100
