"""What was in force at a time, and which limits take the place of others."""

import pytest

from ordermesh.oms.v1 import limit_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from svc_oms.domain.controls.limits import replaced as replaced_module
from svc_oms.domain.controls.limits.limit_values import Limit, LimitKind, LimitScope, Range, Values
from svc_oms.domain.controls.limits.replaced import Specific
from tests.support.limits import LimitBench

FIRM = {"scope": limit_pb2.LIMIT_SCOPE_FIRM, "scope_id": "DEMO"}
US = 1_000_000


def limit(name: str, scope: LimitScope, scope_id: str, instrument="", mic="", kind=1) -> Limit:
    range_ = Range(scope, scope_id, instrument, mic)
    return Limit(name, 1, LimitKind(kind), range_, Values())


WIDE = limit("firm", LimitScope.FIRM, "DEMO")
ACCOUNTS = {"ACC-ALICE": ("DEMO", "DEMO/CASH"), "ACC-BOB": ("OTHER", "")}


@pytest.mark.parametrize(
    ("other", "wholly"),
    [
        (limit("desk", LimitScope.DESK, "DEMO/CASH"), True),
        (limit("account", LimitScope.ACCOUNT, "ACC-ALICE"), True),
        (limit("listing", LimitScope.ACCOUNT, "ACC-ALICE", "ASML.SIMA"), False),
        (limit("same scope, a venue", LimitScope.FIRM, "DEMO", mic="SIMA"), False),
        (limit("another firm's account", LimitScope.ACCOUNT, "ACC-BOB"), None),
        (limit("an account that is not known", LimitScope.ACCOUNT, "ACC-CAROL"), None),
        (limit("another kind", LimitScope.ACCOUNT, "ACC-ALICE", kind=2), None),
        (limit("the same range", LimitScope.FIRM, "DEMO"), None),
    ],
)
def test_which_limit_takes_the_place_of_a_firms(other, wholly):
    found = Specific([WIDE, other], ACCOUNTS).replacing(WIDE)
    assert found == ([] if wholly is None else [(other, wholly)])
    # The specific one stays what it is.
    assert not Specific([WIDE, other], ACCOUNTS).replacing(other)


def test_limits_of_different_listings_do_not_meet():
    one = limit("firm, ASML", LimitScope.FIRM, "DEMO", "ASML.SIMA")
    other = limit("account, SAP", LimitScope.ACCOUNT, "ACC-ALICE", "SAP.SIMA")
    assert not Specific([one, other], ACCOUNTS).replacing(one)


def test_the_narrowest_come_first_and_are_bounded(monkeypatch):
    monkeypatch.setattr(replaced_module, "REPLACEMENTS_MAX", 2)
    desk = limit("desk", LimitScope.DESK, "DEMO/CASH")
    account = limit("account", LimitScope.ACCOUNT, "ACC-ALICE")
    listing = limit("listing", LimitScope.ACCOUNT, "ACC-ALICE", "ASML.SIMA")
    found = Specific([desk, listing, account], ACCOUNTS).replacing(WIDE)
    assert [each.limit.limit_id for each in found] == ["listing", "account"]


async def in_force(bench, at_us, account="ACC-ALICE"):
    past = bench.book.controls_in_the_past
    limits = await past.limits(at_us, [account, "DEMO/CASH", "DEMO"])
    return (
        [each.values.quantity for each in limits],
        [each.values.quantity for each in await past.overrides(at_us, [account], limits)],
        [each.reason for each in await past.statuses(at_us, [account])],
        [row.reason for row in await past.switches(at_us)],
    )


async def test_before_during_and_after():
    bench = await LimitBench.make()
    times = {}

    def mark(name):
        times[name] = bench.clock.now_ns() // 1000
        bench.clock.advance(10)

    mark("before")
    made = await bench.set_limit("MAX_ORDER_QUANTITY", quantity="100")
    mark("limit")
    request = pb.ProposeOverrideRequest(
        limit_id=made.limit_id,
        account_id="ACC-ALICE",
        values=limit_pb2.LimitValues(quantity="500"),
        valid_until=bench.at(3600),
        reason="a large client",
    )
    override = (await bench.office.propose(request, bench.caller())).override
    mark("proposed")
    approve = pb.ApproveOverrideRequest(override_id=override.override_id)
    await bench.office.approve(approve, bench.caller("ravi"))
    halt = pb.SetTradingStatusRequest(target=1, target_id="ACC-ALICE", status=3, reason="news")
    await bench.office.set_status(halt, bench.caller())
    mark("override and halt")
    # A new version of the limit ends the override that was made for the old one.
    await bench.set_limit("MAX_ORDER_QUANTITY", version=1, quantity="50")
    mark("tighter")
    await bench.end_limit(made.limit_id, 2)
    mark("ended")
    assert {name: await in_force(bench, at) for name, at in times.items()} == {
        "before": ([], [], [], []),
        "limit": (["100"], [], [], []),
        "proposed": (["100"], [], [], []),
        "override and halt": (["100"], ["500"], ["news"], []),
        "tighter": (["50"], [], ["news"], []),
        "ended": ([], [], ["news"], []),
    }
    # Of another account neither.
    assert await in_force(bench, times["override and halt"], "ACC-BOB") == ([], [], [], [])
