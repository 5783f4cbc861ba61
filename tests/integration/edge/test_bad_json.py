"""Malformed JSON stops at the edge, with a text on what is wrong."""

import json

import pytest

from tests.support.edge import request

PLACE = "/ordermesh.oms.v1.OrderService/Place"
GOOD = {
    "idempotencyKey": "k-1",
    "accountId": "ACC-ALICE",
    "instrumentId": "ASML.SIMA",
    "side": "SIDE_BUY",
    "type": "ORDER_TYPE_LIMIT",
    "terms": {"quantity": "1", "limitPrice": "1", "timeInForce": "TIME_IN_FORCE_DAY"},
}
BAD = {
    "no JSON": "{",
    "a text": '"order"',
    "a list": "[]",
    "a number for a text": GOOD | {"idempotencyKey": {"a": 1}},
    "a text for a message": GOOD | {"terms": "100"},
    "a list for a message": GOOD | {"terms": [1]},
    "a name no enum has": GOOD | {"side": "SIDE_NOPE"},
    "a list for an enum": GOOD | {"side": ["SIDE_BUY"]},
    "a time of no form": GOOD | {"terms": GOOD["terms"] | {"expireTime": "tomorrow"}},
    "a flag in words": GOOD | {"regulatory": {"algorithmic": "maybe"}},
}


@pytest.mark.parametrize("what", BAD)
def test_bad_json_is_refused_and_goes_no_further(edge, token, what):
    body = BAD[what] if isinstance(BAD[what], str) else json.dumps(BAD[what])
    answer = request(
        edge, "POST", PLACE, body.encode(), content_type="application/json",
        token=token,
    )  # fmt: skip
    assert 400 <= answer.status < 500
    assert answer.body
    assert edge.backends["svc-oms"].seen == []
