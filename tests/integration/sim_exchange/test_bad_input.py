"""What the venue answers to every request with every field broken: one refusal with a reason."""

import itertools

import pytest

from tests.support.sim_exchange import SOH, FixClient, pairs
from tests.support.sim_process import SimProcess

HUGE = "9" * 400
QUANTITIES = ["", "0", "-5", "ten", "1e5", "NaN", "1.5", HUGE]
PRICES = ["0", "-1", "ten", "1e5", "NaN", "100.0001", HUGE]
SYMBOLS = ["", "NONE", "ÄÖÜ", "S" * 300]
SIDES = ["", "0", "Z", "12"]
IDS = [""]

NEW = {"11": "", "1": "ACC", "55": "SAP", "54": "1", "38": "100", "40": "2", "44": "100",
       "59": "0", "60": "20260101-00:00:00"}  # fmt: skip
NEW_BAD = {"11": IDS, "55": SYMBOLS, "54": SIDES, "38": QUANTITIES, "40": ["", "Z", "9"],
           "44": ["", *PRICES], "59": ["Z", "99"]}  # fmt: skip
REPLACE = NEW | {"41": ""}
REPLACE_BAD = {"11": IDS, "41": ["", "NOBODYS"], "55": ["NONE", "ÄÖÜ"], "54": ["2", "Z"],
               "38": QUANTITIES, "44": PRICES, "40": ["Z"], "59": ["Z"]}  # fmt: skip
CANCEL = {"11": "", "41": "", "55": "SAP", "54": "1", "60": "20260101-00:00:00"}
CANCEL_BAD = {"11": IDS, "41": ["", "NOBODYS", "x" * 300]}
STATUS = {"11": "", "55": "SAP", "54": "1"}
STATUS_BAD = {"11": ["", "NOBODYS"]}
REFUSALS = {"8", "9", "j", "3"}

TABLE = [
    (kind, tag, value)
    for kind, bad in (("D", NEW_BAD), ("G", REPLACE_BAD), ("F", CANCEL_BAD), ("H", STATUS_BAD))
    for tag, values in bad.items()
    for value in [*values, None]
    # What may be left out: the price only of some orders, the rest stands with the order.
    if value is not None or (kind, tag) in {("D", "11"), ("D", "55"), ("D", "54"), ("D", "38"),
        ("D", "40"), ("D", "44"), ("G", "11"), ("G", "41"), ("F", "11"), ("F", "41"), ("H", "11")}
]  # fmt: skip


@pytest.fixture(scope="module")
def venue(tmp_path_factory):
    with SimProcess(
        tmp_path_factory.mktemp("store"), "--no-agents", "--clients", "ORDERMESH"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def client(venue):
    made = venue.client(reset=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def numbers():
    return itertools.count(1)


def answers(client: FixClient, kind: str, fields: dict[str, str], number: int) -> list[dict]:
    """Send, and return what came back of it."""
    client.ping(f"before-{number}")
    known = len(client.messages)
    client.send(kind, SOH.join(f"{tag}={value}" for tag, value in fields.items()))
    client.ping(f"after-{number}")
    new_messages = [dict(pairs(text)) for text in client.messages[known:]]
    return [message for message in new_messages if message["35"] in REFUSALS]


@pytest.mark.parametrize(
    ("kind", "tag", "value"),
    TABLE,
    ids=[f"{k}-{t}-{'missing' if v is None else repr(v[:12])}" for k, t, v in TABLE],
)
def test_a_broken_request_has_one_refusal_and_changes_nothing(client, numbers, kind, tag, value):
    number = next(numbers)
    client.order(f"L-{number}", price="90")
    client.report(f"L-{number}", "0")
    good = {"D": NEW, "G": REPLACE, "F": CANCEL, "H": STATUS}[kind]
    fields = good | {"11": f"B-{number}"} | ({"41": f"L-{number}"} if "41" in good else {})
    fields.pop(tag)
    if value is not None:
        fields[tag] = value
    (answer,) = answers(client, kind, fields, number)
    assert answer.get("58"), answer
    if answer["35"] == "8":
        assert answer["39"] == "8", answer
        assert "103" in answer
    if kind in {"D", "H"}:
        assert answer["35"] in {"8", "j", "3"}
    else:
        assert answer["35"] in {"9", "j", "3"}
    status = client.status(f"L-{number}")
    assert (status["39"], status["38"], status["44"]) == ("0", "100", "90")
    client.cancel(f"C-{number}", f"L-{number}")
    client.report(f"C-{number}", "4")
