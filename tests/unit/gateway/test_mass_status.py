"""One question for all doubts of a logon; nothing is concluded from silence."""

import pytest

from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway.service.sending.mass_status import ANSWER_WAIT_S, MassStatus, unanswered

A, B = "01ARZ3NDEKTSV4RRFFQ69G5FAA", "01ARZ3NDEKTSV4RRFFQ69G5FBB"


def report(order_id: str, request_id: str = "M1") -> link.ExecutionReport:
    return link.ExecutionReport(cl_ord_id=f"{order_id}-1", mass_status_request_id=request_id)


@pytest.fixture
def mass() -> MassStatus:
    made = MassStatus(offered=True)
    made.asked("M1", [f"{A}-2", f"{A}-10", f"{A}-9", f"{B}-1"], 100.0)
    return made


def test_it_is_due_once_a_logon_and_only_where_it_is_offered() -> None:
    assert not MassStatus(offered=False).due
    mass = MassStatus(offered=True)
    assert mass.due
    mass.asked("M1", [], 0.0)
    assert not mass.due
    mass.logged_on()
    assert mass.due


def test_single_questions_wait_for_the_answer_but_not_for_ever(mass: MassStatus) -> None:
    assert mass.waits(100.0)
    assert not mass.waits(100.0 + ANSWER_WAIT_S)
    mass.over("M0")
    assert mass.waits(100.0)
    mass.over("M1")
    assert not mass.waits(100.0)


def test_a_report_names_the_youngest_doubt_of_its_order(mass: MassStatus) -> None:
    answer = report(A)
    assert mass.heard(answer) == A
    assert answer.status_request_id == f"{A}-10"


@pytest.mark.parametrize(
    "answer", [report(A, "M0"), report(A, ""), report("01ARZ3NDEKTSV4RRFFQ69G5FCC")]
)
def test_a_report_of_another_question_or_order_names_none(
    mass: MassStatus, answer: link.ExecutionReport
) -> None:
    assert mass.heard(answer) == ""
    assert answer.status_request_id == ""


def test_answers_of_an_earlier_logon_name_none(mass: MassStatus) -> None:
    mass.logged_on()
    assert mass.heard(report(A)) == ""


def test_doubts_of_other_orders_stay() -> None:
    doubts = [(f"{A}-1", "a"), (f"{B}-1", "b"), (f"{A}-2", "c")]
    assert unanswered(doubts, A) == [(f"{B}-1", "b")]
