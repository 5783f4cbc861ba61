"""Nothing a venue says is lost on its way from the contract to the domain."""

import pytest
from google.protobuf.descriptor import FieldDescriptor

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from svc_oms.domain.facts import ReceiptFacts
from svc_oms.service.codec.venue_messages import facts_of, receipt_facts

BODIES = ["execution_report", "order_cancel_reject", "business_reject", "session_reject"]
# The number of our refused message led the gateway to the ClOrdID(11), which is here.
FOUND_OUT_BY_THE_GATEWAY = {"ref_seq_num"}
TIMES = {"transact_time", "expire_time"}
RENAMED = {"told": "reported_order", "ref_id": "cl_ord_id"} | {one: f"{one}_ns" for one in TIMES}


def fields():
    for body in BODIES:
        message = gw.VenueMessage.DESCRIPTOR.fields_by_name[body].message_type
        for field in message.fields:
            if field.name not in FOUND_OUT_BY_THE_GATEWAY:
                yield pytest.param(body, field, id=f"{body}.{field.name}")


@pytest.mark.parametrize(("body", "field"), list(fields()))
def test_every_field_reaches_its_fact(body, field):
    empty, filled = gw.VenueMessage(), gw.VenueMessage()
    getattr(empty, body).SetInParent()
    report = getattr(filled, body)
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        getattr(report, field.name).SetInParent()
        if field.name in TIMES:
            getattr(report, field.name).seconds = 7
    elif field.type == FieldDescriptor.TYPE_STRING:
        setattr(report, field.name, "7")
    elif field.type == FieldDescriptor.TYPE_BOOL:
        setattr(report, field.name, True)
    else:
        setattr(report, field.name, 7)
    name = RENAMED.get(field.name, field.name)
    before, after = facts_of(empty), facts_of(filled)
    assert getattr(after, name) != getattr(before, name)
    others = set(after._fields) - {name}
    assert all(getattr(after, other) == getattr(before, other) for other in others)


@pytest.mark.parametrize("name", [field.name for field in gw.ToldOrder.DESCRIPTOR.fields])
def test_every_field_of_an_order_reported_reaches_its_fact(name):
    message = gw.VenueMessage()
    message.execution_report.told.SetInParent()
    empty = facts_of(message).reported_order._asdict()
    value = {"opens_max": 7, "account_assumed": True}.get(name, "7")
    setattr(message.execution_report.told, name, value)
    assert facts_of(message).reported_order._asdict() == empty | {name: value}


def test_a_code_of_zero_is_reported_and_no_code_is_none():
    message = gw.VenueMessage()
    message.execution_report.SetInParent()
    assert facts_of(message).ord_rej_reason is None
    message.execution_report.ord_rej_reason = 0
    assert facts_of(message).ord_rej_reason == 0


def test_a_receipt_reaches_its_fact_whole():
    receipt = gw.CommandReceipt(
        cl_ord_id="A-2",
        kind=gw.VENUE_COMMAND_KIND_CANCEL,
        outcome=gw.COMMAND_OUTCOME_IN_DOUBT,
        text="the socket broke",
    )
    assert receipt_facts(receipt) == ReceiptFacts("A-2", "CANCEL", "IN_DOUBT", "the socket broke")
