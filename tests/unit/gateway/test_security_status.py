"""Halts and the other values of SecurityTradingStatus(326), and who is asked for them when."""

import pytest

from conformance.scripted_venue import SOH, body
from ordermesh.marketdata.v1 import instrument_pb2 as pb
from svc_gateway.adapters.fix.market.market_dialect import FixMarketDialect
from svc_gateway.domain.market.security_status import STATUS_OF_CODE, SecurityStatus
from svc_gateway.domain.market.status_questions import ANSWER_MAX_S, StatusQuestions
from tests.unit.gateway.test_market_text import NOW, config

OPEN, HALTED, CLOSED = SecurityStatus.OPEN, SecurityStatus.HALTED, SecurityStatus.CLOSED
PRE_OPEN = SecurityStatus.PRE_OPEN
AUCTION, NOT_TRADED, REMARK = SecurityStatus.AUCTION, SecurityStatus.NOT_TRADED, None
# Every code of FIX 4.4 and FIX 5.0 SP2; 11 is not assigned.
TABLE = {
    1: HALTED, 2: HALTED, 3: OPEN, 4: HALTED, 5: REMARK, 6: REMARK, 7: REMARK, 8: REMARK,
    9: REMARK, 10: REMARK, 12: REMARK, 13: REMARK, 14: REMARK, 15: REMARK, 16: REMARK, 17: OPEN,
    18: CLOSED, 19: NOT_TRADED, 20: NOT_TRADED, 21: PRE_OPEN, 22: AUCTION, 23: REMARK, 24: AUCTION,
    25: AUCTION, 26: CLOSED,
}  # fmt: skip
PROTO = {
    OPEN: pb.TRADING_STATUS_OPEN, HALTED: pb.TRADING_STATUS_HALTED,
    CLOSED: pb.TRADING_STATUS_CLOSED, AUCTION: pb.TRADING_STATUS_AUCTION,
    PRE_OPEN: pb.TRADING_STATUS_PRE_OPEN,
    NOT_TRADED: pb.TRADING_STATUS_DELISTED, REMARK: pb.TRADING_STATUS_UNSPECIFIED,
}  # fmt: skip


def read(kind: str, **tags: str):
    raw = f"8=FIX.4.4{SOH}9=1{SOH}{body(kind, **tags)}{SOH}"
    return FixMarketDialect(config()).read(raw, NOW)


def test_the_table_has_every_code() -> None:
    assert {str(code): status for code, status in TABLE.items()} == STATUS_OF_CODE


@pytest.mark.parametrize(("code", "status"), TABLE.items())
def test_a_status_is_read_and_a_remark_leaves_it_as_it_is(code, status) -> None:
    reading = read("f", t55="A", t326=str(code))
    assert reading.statuses == {"A.TEST": PROTO[status]}
    assert reading.faults == []


@pytest.mark.parametrize("code", ["11", "99", "x"])
def test_an_unknown_code_leaves_the_status_as_it_is_and_is_named(code) -> None:
    reading = read("f", t55="A", t326=code)
    assert reading.statuses == {"A.TEST": pb.TRADING_STATUS_UNSPECIFIED}
    assert reading.faults == [f"A.TEST: SecurityTradingStatus(326) {code!r} is not known"]


def test_a_status_message_without_the_field_leaves_the_status_as_it_is() -> None:
    reading = read("f", t55="A")
    assert (reading.statuses, reading.faults) == ({"A.TEST": pb.TRADING_STATUS_UNSPECIFIED}, [])


@pytest.mark.parametrize(
    ("code", "asks", "status"),
    [
        ("2", True, pb.TRADING_STATUS_HALTED),
        ("7", True, pb.TRADING_STATUS_UNSPECIFIED),
        ("", True, pb.TRADING_STATUS_UNSPECIFIED),
        # Nobody will say more.
        ("7", False, pb.TRADING_STATUS_OPEN),
        ("", False, pb.TRADING_STATUS_OPEN),
    ],
)
def test_the_status_in_a_list(code, asks, status) -> None:
    dialect = FixMarketDialect(config(dialect={"security_status": asks}))
    entry = f"55=A{SOH}326={code}" if code else "55=A"
    raw = SOH.join(["8=FIX.4.4", body("y", t320="1", t893="Y"), "146=1", entry, ""])
    (listed,) = dialect.read(raw, NOW).list_part.instruments
    assert listed.trading_status == status


def questions(asks: bool = True, rate: int = 1000) -> StatusQuestions:
    return StatusQuestions(asks=asks, rate_per_s=rate, now_s=0.0)


def test_one_listing_is_asked_about_first() -> None:
    asked = questions()
    asked.want(["A", "B", "C"], 0.0)
    assert asked.take(0.0) == ["A"]
    assert asked.take(1.0) == []
    asked.answered("B", 1.0)  # by itself, not as an answer
    assert asked.take(1.0) == []
    asked.answered("A", 1.0)
    assert asked.take(1.0) == ["B", "C"]
    assert not asked.is_over(1.0)
    asked.answered("B", 1.0)
    asked.answered("C", 1.0)
    assert asked.is_over(1.0)


def test_questions_keep_the_venues_rate() -> None:
    asked = questions(rate=10)
    asked.want([str(number) for number in range(20)], 0.0)
    assert len(asked.take(0.0)) == 1
    asked.answered("0", 0.0)
    assert asked.take(0.0) == []
    assert len(asked.take(0.1)) == 1
    assert len(asked.take(0.2)) == 1


def test_a_refusal_and_silence_end_the_questions() -> None:
    refused = questions()
    refused.want(["A", "B"], 0.0)
    refused.take(0.0)
    refused.refused()
    assert refused.is_over(0.0)
    assert refused.take(0.0) == []
    silent = questions()
    silent.want(["A"], 0.0)
    silent.take(0.0)
    assert not silent.is_over(ANSWER_MAX_S)
    assert silent.is_over(ANSWER_MAX_S + 0.1)


def test_a_logon_begins_the_questions_anew() -> None:
    asked = questions()
    asked.want(["A"], 0.0)
    asked.take(0.0)
    asked.answered("A", 0.0)
    asked.begin()
    assert not asked.is_over(0.0)
    asked.want(["A", "B"], 0.0)
    assert asked.take(0.0) == ["A"]


def test_a_venue_that_is_not_asked_is_done_at_once() -> None:
    asked = questions(asks=False)
    asked.begin()
    asked.want(["A"], 0.0)
    assert asked.take(0.0) == []
    assert asked.is_over(0.0)
