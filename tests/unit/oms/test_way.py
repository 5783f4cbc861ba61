"""The FIX message of each event of an order, as the order book recorded it."""

import pytest

from ordermesh.oms.v1 import event_pb2, order_pb2, order_way_pb2
from svc_oms.service.codec.parked_messages import masked
from svc_oms.service.way.fix_record import FixRecord, leave_one_text

ORDER = order_pb2.Order(
    order_id="O", account_id="ACC-ALICE", symbol="ASML", isin="NL0010273215", currency="EUR",
    side=order_pb2.SIDE_SELL_SHORT, type=order_pb2.ORDER_TYPE_STOP_LIMIT, venue_order_id="V1",
    terms=order_pb2.OrderTerms(
        quantity="100", limit_price="650", stop_price="655",
        time_in_force=order_pb2.TIME_IN_FORCE_GTC,
    ),
    progress=order_pb2.OrderProgress(cl_ord_id="O-1"),
)  # fmt: skip
WAITING, SENT = order_pb2.ORDER_STATE_AWAITING_TRIGGER, order_pb2.ORDER_STATE_PENDING_NEW
TERMS = {"quantity": "70", "limit_price": "651"}
FILL = {"exec_id": "E1", "quantity": "40", "price": "650.5"}


def event(kind, body=None, actor="venue:SIMA", state=order_pb2.ORDER_STATE_NEW, **envelope):
    progress = order_pb2.OrderProgress(
        state=state, cl_ord_id="O-1", cum_quantity="40", leaves_quantity="60"
    )
    made = event_pb2.OrderEvent(actor=actor, progress=progress, **envelope)
    getattr(made, kind).SetInParent()
    if body:
        getattr(made, kind).MergeFrom(type(getattr(made, kind))(**body))
    return made


def venue(kind, body=None, msg_type="8", **more):
    return event(kind, body, msg_seq_num=7, msg_type=msg_type, **more)


def own(kind, body=None, **more):
    return event(kind, body, actor="alice", **more)


INSTRUMENT = "1=ACC-ALICE|55=ASML|48=NL0010273215|22=4|15=EUR|54=5"
NEW = f"35=D|11=O-1|{INSTRUMENT}|38=100|44=650|99=655|59=1|40=4"


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (own("accepted", {"order": ORDER}, state=SENT), NEW),
        (own("accepted", {"order": ORDER}, state=WAITING), None),
        (event("triggered", actor="oms", state=SENT), NEW),
        (event("released", actor="oms", state=WAITING), None),
        (own("approved", state=SENT), NEW),
        # It was sent before the database was restored, nobody knows when.
        (event("accepted", {"order": ORDER}, actor="oms:recovery", state=SENT), None),
        (
            own("cancel_requested", {"cl_ord_id": "O-2"}),
            f"35=F|11=O-2|41=O-1|37=V1|{INSTRUMENT}",
        ),
        (
            own("replace_requested", {"cl_ord_id": "O-2", "terms": TERMS}),
            f"35=G|11=O-2|41=O-1|37=V1|{INSTRUMENT}|38=70|44=651",
        ),
        (event("status_requested", {"cl_ord_id": "O-1"}, actor="oms"), "35=H|11=O-1|37=V1|"),
        (venue("acknowledged", {"venue_order_id": "V2"}), "35=8|34=7|11=O-1|37=V2|150=0|39=0|"),
        (venue("executed", {"execution": FILL}), "|150=F|39=0|17=E1|32=40|31=650.5|14=40|151=60"),
        (
            venue("execution_busted", {"exec_id": "E2", "busted_exec_id": "E1", "quantity": "40"}),
            "|150=H|39=0|17=E2|19=E1|32=40|",
        ),
        (
            venue("execution_corrected", {"execution": FILL, "corrected_exec_id": "E0"}),
            "|17=E1|32=40|31=650.5|19=E0|",
        ),
        (venue("replaced", {"terms": TERMS}), "|150=5|39=0|38=70|44=651|"),
        (venue("restated", {"terms": TERMS, "reason_code": 3}), "|38=70|44=651|378=3|"),
        (venue("canceled", {"text": "by hand"}), "|150=4|39=0|14=40|151=60|58=by hand"),
        (venue("rejected", {"rejection": {"venue_text": "no"}}), "|150=8|39=0|14=40|151=60|58=no"),
        (
            venue("cancel_refused", {"cl_ord_id": "O-2", "rejection": {}}, msg_type="9"),
            "35=9|34=7|11=O-2|37=V1",
        ),
        # From before the type was recorded: the event shows which message it can only have been.
        (event("cancel_refused", {"cl_ord_id": "O-2"}), "35=9|11=O-2|"),
        (event("executed", {"execution": FILL}, actor="drop_copy:SIMA"), "35=8|11=O-1|"),
        (venue("rejected", {"rejection": {"venue_text": "x"}}, msg_type="j"), "35=j|34=7|"),
        (event("in_doubt", {"text": "crash"}, actor="oms"), None),
        (event("canceled", {"text": "never sent"}, actor="oms"), None),
    ],
)  # fmt: skip
def test_the_message_of_each_event(made, text):
    found = FixRecord(ORDER).message(made)
    assert (found is None) is (text is None)
    if found is not None:
        assert text in found.text
        assert found.outbound is (found.msg_type in "DFGH")
        assert (found.msg_seq_num, found.msg_type) == (
            made.msg_seq_num, found.text[3 : found.text.index("|")]
        )  # fmt: skip


def test_a_routed_order_was_never_sent():
    routed = order_pb2.Order()
    routed.CopyFrom(ORDER)
    routed.routing.strategy = order_pb2.ROUTING_STRATEGY_BEST
    record = FixRecord(routed)
    for made in (
        own("accepted", {"order": routed}, state=SENT),
        own("replace_requested", {"cl_ord_id": "O-2", "terms": TERMS}),
        own("cancel_requested", {"cl_ord_id": "O-2"}),
    ):
        assert record.message(made) is None


def test_the_symbol_is_the_one_that_the_venue_got():
    record = FixRecord(ORDER, "ASML.X")
    for made in (own("accepted", {"order": ORDER}, state=SENT), own("cancel_requested")):
        assert "|55=ASML.X|" in record.message(made).text


@pytest.mark.parametrize(
    ("kinds", "kept"),
    [
        (("acknowledged", "executed"), 1),
        (("executed", "canceled"), 0),
        (("replaced", "expired"), 1),
    ],
)
def test_a_message_that_made_several_events_is_shown_once(kinds, kept):
    record = FixRecord(ORDER)
    bodies = {"executed": {"execution": FILL}}
    events = [venue(kind, bodies.get(kind)) for kind in kinds]
    steps = [
        order_way_pb2.WayStep(actor=one.actor, event=one, fix=record.message(one)) for one in events
    ]
    leave_one_text(steps)
    assert [bool(step.fix.text) for step in steps] == [number == kept for number in range(2)]
    assert {step.fix.msg_seq_num for step in steps} == {7}


def test_a_later_message_has_the_terms_and_the_name_of_its_time():
    """The present order has other terms than the order had when it was sent."""
    record = FixRecord(ORDER)
    early = order_pb2.Order()
    early.CopyFrom(ORDER)
    early.terms.quantity, early.venue_order_id = "30", ""
    first = record.message(own("accepted", {"order": early}, state=SENT))
    assert "|38=30|" in first.text
    changed = venue("replaced", {"terms": TERMS})
    changed.progress.cl_ord_id = "O-2"
    record.message(changed)
    assert "|41=O-2|" in record.message(own("cancel_requested", {"cl_ord_id": "O-3"})).text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("35=A|553=me|554=secret|98=0", "35=A|553=me|554=***|98=0"),
        ("554=secret", "554=***"),
        ("35=BE|925=next|554=", "35=BE|925=***|554=***"),
        ("58=554 is a tag|1554=kept", "58=554 is a tag|1554=kept"),
    ],
)
def test_passwords_are_never_shown(text, shown):
    assert masked(text) == shown
