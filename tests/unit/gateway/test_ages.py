"""Which limit of age applies to a command: orders that execute at once have a short one."""

import pytest

from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.oms.v1 import order_pb2 as pb
from svc_gateway.service.sending.ages import age_limit
from svc_gateway.venues import SessionConfig

CONFIG = SessionConfig(
    session_id="a-orders", venue_mic="XAMS", role="orders", sender_comp_id="C", target_comp_id="V",
    host="localhost", port=1, command_age_max_s=30, immediate_age_max_s=3,
)  # fmt: skip
NEW, REPLACE = link.VENUE_COMMAND_KIND_NEW, link.VENUE_COMMAND_KIND_REPLACE
AT_ONCE = {
    ("MARKET", "DAY"), ("MARKET", "GTC"), ("MARKET", "GTD"), ("MARKET", "IOC"), ("MARKET", "FOK"),
    ("MARKET_TO_LIMIT", "DAY"), ("MARKET_TO_LIMIT", "GTC"), ("MARKET_TO_LIMIT", "GTD"),
    ("MARKET_TO_LIMIT", "IOC"), ("MARKET_TO_LIMIT", "FOK"),
    ("LIMIT", "IOC"), ("LIMIT", "FOK"), ("ICEBERG", "IOC"), ("ICEBERG", "FOK"),
    ("PEGGED", "IOC"), ("PEGGED", "FOK"),
}  # fmt: skip
TYPES = [name.removeprefix("ORDER_TYPE_") for name, number in pb.OrderType.items() if number]
TIMES = [name.removeprefix("TIME_IN_FORCE_") for name, number in pb.TimeInForce.items() if number]


def command(kind: int, order_type: str, time_in_force: str) -> link.VenueCommand:
    return link.VenueCommand(
        kind=kind, type=f"ORDER_TYPE_{order_type}",
        terms=pb.OrderTerms(time_in_force=f"TIME_IN_FORCE_{time_in_force}"),
    )  # fmt: skip


@pytest.mark.parametrize("time_in_force", TIMES)
@pytest.mark.parametrize("order_type", TYPES)
def test_every_type_and_time_in_force_has_its_limit(order_type: str, time_in_force: str) -> None:
    short = (order_type, time_in_force) in AT_ONCE
    expected = ("immediate_age_max_s", 3) if short else ("command_age_max_s", 30)
    assert age_limit(command(NEW, order_type, time_in_force), CONFIG) == expected


def test_a_replace_has_the_limit_of_a_resting_order() -> None:
    assert age_limit(command(REPLACE, "LIMIT", "DAY"), CONFIG)[1] == 30


def test_the_short_limit_is_never_the_longer_one() -> None:
    config = CONFIG.model_copy(update={"command_age_max_s": 1})
    assert age_limit(command(NEW, "MARKET", "DAY"), config)[1] == 1
