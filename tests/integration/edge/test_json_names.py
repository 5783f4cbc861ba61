"""A field of a JSON request that does not exist is refused; the order is not sent without it."""

import json

import pytest

from ordermesh.oms.v1 import order_service_pb2 as oms
from tests.support.edge import request

PLACE = "/ordermesh.oms.v1.OrderService/Place"
FLOW = "/ordermesh.oms.v1.OrderFlowService/Flow"
TERMS = {"quantity": "1", "limitPrice": "1", "timeInForce": "TIME_IN_FORCE_DAY"}
ORDER = {"idempotencyKey": "k-1", "accountId": "ACC-ALICE", "holdForApproval": True, "terms": TERMS}


def send(edge, token, body, path=PLACE, content_type="application/json"):
    body = body if isinstance(body, bytes | str) else json.dumps(body)
    return request(edge, "POST", path, body, token, content_type=content_type)


def error_of(answer):
    """The status, the text and the metadata of a refusal."""
    status = json.loads(answer.body)
    (info,) = status["details"]
    assert info["reason"] == "INVALID_FIELD"
    assert status["code"] == 3
    return answer.status, status["message"], info["metadata"]


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        (ORDER | {"holdForAproval": True}, "holdForAproval", "PlaceRequest"),
        (ORDER | {"hold_for_aproval": True}, "hold_for_aproval", "PlaceRequest"),
        (ORDER | {"HoldForApproval": True}, "HoldForApproval", "PlaceRequest"),
        (ORDER | {"hold_For_approval": True}, "hold_For_approval", "PlaceRequest"),
        (ORDER | {"": 1}, "", "PlaceRequest"),
        (ORDER | {"@type": "x"}, "@type", "PlaceRequest"),
        (ORDER | {"quantity": "1"}, "quantity", "PlaceRequest"),
        (ORDER | {"holdForAproval": None}, "holdForAproval", "PlaceRequest"),
        (ORDER | {"terms": TERMS | {"limitPrise": "1"}}, "terms.limitPrise", "OrderTerms"),
        (ORDER | {"terms": [TERMS | {"x": "1"}]}, "terms.x", "OrderTerms"),
        (ORDER | {"regulatory": {"algorithmik": True}}, "regulatory.algorithmik", "Regulatory"),
        ('{"hold\\u0046orApproval": true}', "hold\\u0046orApproval", "PlaceRequest"),
    ],
)
def test_a_field_that_does_not_exist_is_refused(edge, token, body, field, message):
    status, text, metadata = error_of(send(edge, token, body))
    assert status == 400
    assert text.startswith(f"{field} is no field of ordermesh.oms.v1.")
    assert message in text
    assert "its fields are: " in text
    assert metadata.get("field", "") == field
    assert edge.backends["svc-oms"].seen == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"accountId": "A", "accountId": "B"}', "accountId"),
        ('{"accountId": "A", "account_id": "B"}', "account_id"),
        ('{"terms": {"quantity": "1", "quantity": "2"}}', "terms.quantity"),
        ('{"terms": {}, "terms": {}}', "terms"),
    ],
)
def test_a_field_that_is_given_twice_is_refused(edge, token, body, field):
    status, text, metadata = error_of(send(edge, token, body))
    assert (status, text) == (400, f"{field} is given twice; give it once")
    assert metadata["field"] == field
    assert edge.backends["svc-oms"].seen == []


@pytest.mark.parametrize(
    "body",
    [
        "{", "[", '{"accountId"', '{"accountId":', '{"accountId": "A"', '{"accountId": "A",}',
        "{accountId: 1}", "{'accountId': 'A'}", '{"accountId": "A"} {}', '{"accountId": "A" "b"}',
        '{"accountId": "A\\"}', "{,}", "nul\x00", "{" * 100, '{"terms": ' * 40,
        '{"terms": {"quantity": [1,]}}', '\ufeff{"accountId": "A"}',
    ],
)  # fmt: skip
def test_what_is_not_json_is_refused(edge, token, body):
    answer = send(edge, token, body.encode())
    assert error_of(answer)[0] == 400
    assert edge.backends["svc-oms"].seen == []


@pytest.mark.parametrize("content_type", ["text/plain", "application/grpc-web+json", "x", ""])
def test_no_content_type_leads_past_the_check(edge, token, content_type):
    answer = send(edge, token, ORDER | {"holdForAproval": True}, content_type=content_type)
    assert error_of(answer)[0] == 400
    assert edge.backends["svc-oms"].seen == []


@pytest.mark.parametrize(
    "path", [f"{PLACE}/", f"{PLACE}//", f"/{PLACE}", f"{PLACE}/?", f"/x/..{PLACE}/", f"{PLACE}/."]
)
@pytest.mark.parametrize("body", [ORDER | {"holdForAproval": True}, ORDER])
def test_no_spelling_of_the_path_leads_past_the_check(edge, token, path, body):
    edge.backends["svc-oms"].behaviours[PLACE] = lambda *_: oms.PlaceResponse()
    answer = send(edge, token, body, path)
    arrived = edge.backends["svc-oms"].seen
    if body is ORDER and arrived:
        assert answer.status == 200
    else:
        assert answer.status in {400, 404}
        assert json.loads(answer.body)["details"][0]["reason"] in {"INVALID_FIELD", "RPC_NOT_FOUND"}
        assert arrived == []


def test_a_name_in_the_address_is_refused(edge, token):
    answer = send(edge, token, {}, f"{PLACE}?holdForAproval=true")
    assert answer.status == 400
    assert edge.backends["svc-oms"].seen == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (ORDER, {"account_id": "ACC-ALICE", "hold_for_approval": True}),
        ({"account_id": "A", "hold_for_approval": True}, {"account_id": "A"}),
        ('\n{ "accountId"\t:\r\n"A{[\\"]}\\\\" , "terms" : null }', {"account_id": 'A{["]}\\'}),
        ({"accountId": 'quantity": {'}, {"account_id": 'quantity": {'}),
        ({"side": 1, "accountId": "A"}, {"side": 1}),
        ({"accountId": "ä€😀"}, {"account_id": "ä€😀"}),
        ("", {"account_id": ""}),
        ({}, {"account_id": ""}),
    ],
)
def test_a_request_with_its_own_names_arrives(edge, token, body, expected):
    arrived = []

    def place(request, _):
        arrived.append(request)
        return oms.PlaceResponse()

    edge.backends["svc-oms"].behaviours[PLACE] = place
    answer = send(edge, token, body.encode() if isinstance(body, str) else body)
    assert answer.status == 200, answer.body
    for name, value in expected.items():
        assert getattr(arrived[0], name) == value


def test_the_names_of_streamed_requests_are_checked_too(edge, token):
    good = [{"commands": [{"correlationId": 1}]}]
    assert send(edge, token, good, FLOW).status == 200
    bad = [{}, {"commands": [{"correlationID": 1}]}]
    status, text, _ = error_of(send(edge, token, bad, FLOW))
    assert status == 400
    assert text.startswith("commands.correlationID is no field of ordermesh.oms.v1.FlowCommand")


def test_a_large_request_is_checked_whole(edge, token):
    many = {"filler" * 2: "x"} | {"accountId": "A" * 900_000, "holdForAproval": True}
    many.pop("fillerfiller")
    status, text, _ = error_of(send(edge, token, many))
    assert (status, text.split(" is")[0]) == (400, "holdForAproval")
    assert send(edge, token, {"accountId": "A" * 900_000}).status == 200
