"""Every kind of field rule, on the messages of the mesh that carry it."""

from collections import Counter
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.errors import MeshError
from mesh.rpc.validation import field_rules, validate
from ordermesh.gateway.v1 import venue_link_service_pb2
from ordermesh.identity.v1 import auth_service_pb2
from ordermesh.marketdata.v1 import market_data_service_pb2
from ordermesh.oms.v1 import order_flow_service_pb2, order_pb2
from ordermesh.oms.v1 import order_service_pb2 as pb
from ordermesh.type.v1 import rules_pb2

DESCRIPTORS = Path(__file__).parents[3] / "gen" / "descriptors.binpb"

TERMS = {"quantity": "100", "limit_price": "650.25", "time_in_force": 1}
PLACE = {
    "idempotency_key": "k-1",
    "account_id": "ACC-ALICE",
    "instrument_id": "ASML.SIMA",
    "side": 1,
    "type": 2,
    "terms": TERMS,
}


def place(**changes):
    return pb.PlaceRequest(**{**PLACE, **changes})


def terms(**changes):
    return place(terms={**TERMS, **changes})


def found(**changes):
    execution = pb.FoundExecution(**{"exec_id": "E1", "quantity": "1", "price": "2", **changes})
    return pb.ResolveRequest(
        idempotency_key="k-1", order_id="o-1", venue_holds=3, executions=[execution], reason="asked"
    )


def listing(**fields):
    return pb.ListRequest(**fields)


def market(**fields):
    return market_data_service_pb2.WatchRequest(subscription=fields)


GOOD = {
    "place": place(),
    "market order, no prices": terms(limit_price=""),
    "longest key": place(idempotency_key="k" * 64),
    "note with any characters": place(client_note="für Ärger: 🎈" * 6),
    "expiry": terms(expire_time=Timestamp(seconds=1_900_000_000, nanos=999_999_999)),
    "negative offset where allowed": terms(peg={"reference": 1, "offset": "-0.05"}),
    "regulatory": place(regulatory={"non_executing_broker_lei": "ABCDEFGHIJ0123456789"}),
    "empty list request": listing(),
    "page bounds": listing(page_size=500),
    "watch all": market(),
    "login": auth_service_pb2.LoginRequest(username="alice", password="pässword"),
    "empty frame": venue_link_service_pb2.LinkRequest(),
    "no parameters": auth_service_pb2.GetJwksRequest(),
}

BAD = {
    "required text empty": (place(idempotency_key=""), "idempotency_key", "required"),
    "required text of blanks": (place(idempotency_key="  "), "idempotency_key", "letters"),
    "text too long": (place(idempotency_key="k" * 65), "idempotency_key", "at most 64"),
    "text off pattern": (place(account_id="acc"), "account_id", "upper-case letters"),
    "pattern must match whole": (place(instrument_id="ASML.SIMA\n"), "instrument_id", "SYMBOL"),
    "text over its limit": (place(client_note="x" * 101), "client_note", "at most 100"),
    "control character": (place(client_note="a\x00b"), "client_note", "control"),
    "fix separator": (place(client_note="a\x01b"), "client_note", "control"),
    "enum unspecified": (place(side=0), "side", "one of BUY"),
    "enum unknown": (place(side=77), "side", "one of BUY"),
    "enum negative": (place(type=-1), "type", "one of MARKET"),
    "enum unknown, not required": (listing(states=[1, 99]), "states[1]", "one of"),
    "message missing": (pb.PlaceRequest(**{**PLACE, "terms": None}), "terms", "required"),
    "decimal missing": (found(quantity=""), "executions[0].quantity", "required"),
    "decimal zero": (terms(quantity="0"), "terms.quantity", "greater than zero"),
    "decimal negative": (terms(quantity="-1"), "terms.quantity", "greater than zero"),
    "decimal exponent": (terms(quantity="1e2"), "terms.quantity", "no exponent"),
    "decimal trailing zero, leading zero": (
        terms(limit_price="01.50"),
        "terms.limit_price",
        "leading",
    ),
    "decimal negative zero": (terms(limit_price="-0.00"), "terms.limit_price", "zero"),
    "decimal plus": (terms(stop_price="+1"), "terms.stop_price", "plus sign"),
    "decimal huge": (terms(quantity="9" * 200), "terms.quantity", "18 digits"),
    "decimal nan": (terms(quantity="NaN"), "terms.quantity", "digits"),
    "nested enum": (terms(peg={"offset": "1"}), "terms.peg.reference", "one of PRIMARY"),
    "nested text": (
        place(regulatory={"investment_decision": {"kind": 1, "short_code": "x y"}}),
        "regulatory.investment_decision.short_code",
        "upper-case",
    ),
    "integer below": (listing(page_size=-1), "page_size", "at least 0"),
    "integer above": (listing(page_size=501), "page_size", "at most 500"),
    "time before year 1": (
        listing(created_from=Timestamp(seconds=-(10**12))),
        "created_from",
        "years 1 to 9999",
    ),
    "nanoseconds out of range": (
        terms(expire_time=Timestamp(seconds=1, nanos=10**9)),
        "terms.expire_time",
        "999999999",
    ),
    "too many items": (market(topics=[1] * 6), "subscription.topics", "0 to 5 items"),
    "too few items": (
        pb.PlaceBatchRequest(idempotency_key="k", account_id="ACC-1"),
        "orders",
        "1 to 100 items",
    ),
    "text inside a list": (
        market(instrument_ids=["ASML.SIMA", "asml"]),
        "subscription.instrument_ids[1]",
        "SYMBOL.MIC",
    ),
    "message inside a list": (
        pb.WatchRequest(accounts=[{"account_id": "A"}, {"account_id": ""}]),
        "accounts[1].account_id",
        "required",
    ),
    "member of a oneof": (
        order_flow_service_pb2.FlowCommand(place=place(side=0)),
        "place.side",
        "one of BUY",
    ),
    "general limit of texts": (
        venue_link_service_pb2.LinkOpen(
            session_id="s", venue_mic="SIMA", gateway_instance="x" * 257
        ),
        "gateway_instance",
        "at most 256",
    ),
}


@pytest.mark.parametrize("message", GOOD.values(), ids=GOOD.keys())
def test_good_messages_pass(message):
    before = message.SerializeToString(deterministic=True)
    validate(message)
    assert message.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ("640.50", "640.5"),
        ("640.0", "640"),
        ("0.10", "0.1"),
        ("100", "100"),
        ("640.", None),
        (".0", None),
        (".50", None),
        ("-.0", None),
    ],
)
def test_zeros_after_the_point_are_left_out_and_nothing_else(sent, taken):
    message = terms(limit_price=sent)
    if taken is None:
        with pytest.raises(MeshError):
            validate(message)
        return
    validate(message)
    assert message == terms(limit_price=taken)


@pytest.mark.parametrize(("message", "field", "words"), BAD.values(), ids=BAD.keys())
def test_bad_messages_are_refused_naming_field_value_and_expectation(message, field, words):
    with pytest.raises(MeshError) as caught:
        validate(message)
    error = caught.value
    assert (error.reason, error.field) == ("INVALID_FIELD", field)
    assert error.metadata.keys() == {"field", "value", "expected"}
    assert words in error.text
    assert len(error.metadata["value"]) <= 64


def test_passwords_never_come_back_in_errors():
    request = auth_service_pb2.LoginRequest(username="alice", password="hunter2" * 30)
    with pytest.raises(MeshError) as caught:
        validate(request)
    assert "hunter2" not in caught.value.text + str(caught.value.metadata)


def test_a_type_without_written_rules_has_the_general_ones():
    validate(order_pb2.OrderProgress(state=1))
    with pytest.raises(MeshError, match="state"):
        validate(order_pb2.OrderProgress(state=99))


def all_stated_rules():
    """Yield the rules each field of every contract states, as descriptors.binpb has them."""
    files = descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()).file
    waiting = [message for file in files for message in file.message_type]
    for message in waiting:
        waiting.extend(message.nested_type)
        yield from (field.options.Extensions[rules_pb2.rules] for field in message.field)


def test_every_named_rule_has_a_definition_of_its_own_and_several_users():
    users = Counter(rules.named for rules in all_stated_rules())
    for value in rules_pb2.NamedRule.DESCRIPTOR.values[1:]:
        definition = value.GetOptions().Extensions[rules_pb2.definition]
        assert definition.ByteSize(), value.name
        assert not definition.named, value.name
        assert users[value.number] > 1, value.name


def test_a_rule_with_a_pattern_that_two_fields_share_has_a_name():
    stated = list(all_stated_rules())
    stated += [
        value.GetOptions().Extensions[rules_pb2.definition]
        for value in rules_pb2.NamedRule.DESCRIPTOR.values
    ]
    texts = Counter(str(rules) for rules in stated if rules.string.pattern)
    assert [text for text, count in texts.items() if count > 1] == []


def test_a_field_adds_its_own_rules_to_the_named_rule():
    field = pb.PlaceRequest.DESCRIPTOR.fields_by_name["account_id"]
    assert field_rules(field) == rules_pb2.FieldRules(
        required=True,
        string={
            "max_length": 32,
            "pattern": "[A-Z0-9-]+",
            "pattern_words": "upper-case letters, digits and -",
        },
    )
    assert field_rules(pb.ListRequest.DESCRIPTOR.fields_by_name["account_id"]).required is False
