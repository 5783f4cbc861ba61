"""Which messages of a venue are answered with BusinessMessageReject(j)."""

import pytest

from conformance.scripted_venue import body
from fix.wire import fields
from svc_gateway.adapters.fix.orders.business_reject import reject_for
from svc_gateway.adapters.fix.orders.orders_in import OrderReader
from svc_gateway.venues import DialectConfig

DIALECT = DialectConfig()
FILL = {"t17": "E1", "t150": "F", "t39": "1", "t32": "10", "t31": "650", "t19": "E0"}


def by_reader(raw: str, number: int = 7, dialect: DialectConfig | None = DIALECT) -> str:
    reader = OrderReader(lambda _: "", dialect)
    return reader.reject_for(reader.read(raw, 1, 2, number), raw, number)


def answered(raw: str, number: int = 7) -> tuple[str, ...] | None:
    # What was read may spare taking a message apart again; it may not change the answer.
    assert by_reader(raw, number) == reject_for(raw, number)
    found = fields(reject_for(raw, number))
    if not found:
        return None
    assert (found["35"], found["45"]) == ("j", "7")
    return found["372"], found["380"], found.get("379", "")


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (body("B", t148="late"), ("B", "3", "")),
        (body("AE"), ("AE", "3", "")),
        (body("D", t11="A-1"), ("D", "3", "")),
        (body("B", t43="Y"), None),
        (body("B", t97="Y"), None),
        (body("QUITELONG"), None),
        (body("~"), None),
        (body("3", t45="1"), None),
        (body("j", t45="1"), None),
        (body("h", t340="2"), None),
        (body("0"), None),
        (body("9"), None),
        (body("8", **FILL), None),
        (body("8", **(FILL | {"t32": ""})), ("8", "5", "E1")),
        (body("8", **(FILL | {"t31": ""})), ("8", "5", "E1")),
        (body("8", **(FILL | {"t31": "", "t17": ""})), None),
        (body("8", **(FILL | {"t31": "", "t17": "x" * 257})), None),
        (body("8", **(FILL | {"t150": "G", "t19": ""})), ("8", "5", "E1")),
        # Its quantity or CumQty(14) may show which execution is meant.
        (body("8", **(FILL | {"t150": "H", "t19": ""})), None),
        (body("8", **(FILL | {"t150": "H", "t32": "", "t31": ""})), None),
        (body("8", **(FILL | {"t150": "0", "t32": "", "t31": ""})), None),
    ],
)
def test_only_what_is_sound_and_of_no_use_is_answered(raw, answer):
    assert answered(raw) == answer


def test_a_message_whose_number_is_not_known_is_not_answered():
    assert answered(body("B"), number=0) is None


@pytest.mark.parametrize(
    "dialect", [None, DialectConfig(business_reject=False)], ids=["drop copy", "option off"]
)
def test_a_copy_is_never_answered_and_an_option_ends_it(dialect):
    assert by_reader(body("B"), dialect=dialect) == ""
    assert by_reader(body("B"))
