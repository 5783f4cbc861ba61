"""What loosens a control needs two persons; what tightens one takes effect at once."""

import pytest

from mesh.errors import MeshError
from ordermesh.oms.v1 import limit_pb2, order_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from svc_oms.service.controls.changes.proposed_changes import PROPOSED_CHANGE_MAX_S
from svc_oms.service.ports.control_ports import RecordKind
from tests.support.limits import BUY, LimitBench

FIRM = limit_pb2.LimitRange(scope=limit_pb2.LIMIT_SCOPE_FIRM, scope_id="DEMO")
ALICE = limit_pb2.LimitRange(scope=limit_pb2.LIMIT_SCOPE_ACCOUNT, scope_id="ACC-ALICE")


@pytest.fixture
async def bench():
    return await LimitBench.make()


async def refused(work) -> MeshError:
    with pytest.raises(MeshError) as caught:
        await work
    return caught.value


def asked(quantity: str, version: int, range_=ALICE, **fields) -> pb.SetLimitRequest:
    return pb.SetLimitRequest(
        kind=limit_pb2.LIMIT_KIND_MAX_ORDER_QUANTITY, range=range_,
        values=limit_pb2.LimitValues(quantity=quantity), reason="a test",
        expected_version=version, **fields,
    )  # fmt: skip


async def set_by_one(bench: LimitBench, *what, **fields) -> pb.SetLimitResponse:
    return await bench.office.set_limit(asked(*what, **fields), bench.caller())


def confirmation(change: pb.ProposedChange) -> pb.ConfirmChangeRequest:
    return pb.ConfirmChangeRequest(change_id=change.change_id, reason="seen")


async def largest(bench: LimitBench) -> int:
    for quantity in (50, 40, 30, 20, 10):
        if not isinstance(await bench.place(BUY, quantity), MeshError):
            return quantity
    return 0


async def test_a_higher_limit_counts_when_a_second_person_has_confirmed_it(bench):
    await set_by_one(bench, "10", 0)
    answer = await set_by_one(bench, "20", 1)
    assert not answer.HasField("limit")
    assert "quantity becomes 20 instead of 10" in answer.proposed.looser
    assert await largest(bench) == 10
    same = await refused(bench.office.confirm(confirmation(answer.proposed), bench.caller("rita")))
    assert (same.reason, same.metadata["proposed_by"]) == ("SECOND_PERSON_REQUIRED", "rita")
    assert await largest(bench) == 10
    done = await bench.office.confirm(confirmation(answer.proposed), bench.caller("ravi"))
    assert (done.limit.set_by, done.limit.confirmed_by, done.limit.version) == ("rita", "ravi", 2)
    assert (done.change.decided_by, done.change.decision_reason) == ("ravi", "seen")
    assert await largest(bench) == 20
    again = await refused(bench.office.confirm(confirmation(answer.proposed), bench.caller("rolf")))
    assert again.reason == "OBJECT_STATE"


async def test_a_lower_limit_counts_at_once(bench):
    await set_by_one(bench, "20", 0)
    answer = await set_by_one(bench, "10", 1)
    assert (answer.limit.version, answer.limit.confirmed_by) == (2, "")
    assert await largest(bench) == 10


async def test_the_end_of_a_limit_needs_two_persons(bench):
    limit = (await set_by_one(bench, "10", 0)).limit
    end = pb.EndLimitRequest(limit_id=limit.limit_id, expected_version=1, reason="over")
    answer = await bench.office.end_limit(end, bench.caller())
    assert not answer.HasField("limit")
    assert await largest(bench) == 10
    done = await bench.office.confirm(confirmation(answer.proposed), bench.caller("ravi"))
    assert (done.limit.ended, done.limit.confirmed_by) == (True, "ravi")
    assert await largest(bench) == 50


async def test_the_end_of_a_limit_that_has_expired_needs_one_person(bench):
    limit = (await set_by_one(bench, "10", 0, valid_until=bench.at(10))).limit
    bench.clock.advance(11)
    end = pb.EndLimitRequest(limit_id=limit.limit_id, expected_version=1, reason="over")
    assert (await bench.office.end_limit(end, bench.caller())).limit.ended


async def test_a_limit_of_an_account_that_is_looser_than_the_firms_needs_two_persons(bench):
    await set_by_one(bench, "20", 0, range_=FIRM)
    assert (await set_by_one(bench, "40", 0)).HasField("proposed")
    assert (await set_by_one(bench, "10", 0)).HasField("limit")


async def test_a_limit_that_is_looser_than_the_settings_needs_two_persons():
    bench = await LimitBench.make(order_quantity_max="30")
    assert (await set_by_one(bench, "40", 0)).HasField("proposed")
    assert (await set_by_one(bench, "30", 0)).HasField("limit")


@pytest.mark.parametrize(
    ("target", "target_id"),
    [("ACCOUNT", "ACC-ALICE"), ("INSTRUMENT", "ASML.SIMA"), ("VENUE", "SIMA"), ("FIRM", "DEMO")],
)
async def test_a_looser_trading_state_needs_two_persons(bench, target, target_id):
    async def set_to(status: str) -> pb.SetTradingStatusResponse:
        request = pb.SetTradingStatusRequest(
            target=f"TRADING_STATUS_TARGET_{target}", target_id=target_id,
            status=f"ACCOUNT_STATUS_{status}", reason="a test",
        )  # fmt: skip
        return await bench.office.set_status(request, bench.caller())

    assert (await set_to("REDUCE_ONLY")).HasField("record")
    assert (await set_to("HALTED")).HasField("record")
    assert (await set_to("HALTED")).HasField("record")
    for status in ("REDUCE_ONLY", "ACTIVE"):
        answer = await set_to(status)
        assert (answer.HasField("record"), answer.HasField("proposed")) == (False, True)
    assert (await bench.place(BUY, 1)).reason == "TRADING_HALTED"
    done = await bench.office.confirm(confirmation(answer.proposed), bench.caller("ravi"))
    assert (done.record.set_by, done.record.confirmed_by) == ("rita", "ravi")
    assert done.record.status == order_pb2.ACCOUNT_STATUS_ACTIVE
    assert await largest(bench) == 50


async def test_a_change_that_the_limit_has_overtaken_is_refused_and_stays_proposed(bench):
    await set_by_one(bench, "10", 0)
    first = (await set_by_one(bench, "20", 1)).proposed
    await set_by_one(bench, "5", 1)
    error = await refused(bench.office.confirm(confirmation(first), bench.caller("ravi")))
    assert error.reason == "STALE_VERSION"
    reject = pb.RejectChangeRequest(change_id=first.change_id, reason="too late")
    # The person who proposed it may withdraw it.
    done = await bench.office.reject_change(reject, bench.caller("rita"))
    assert (done.change.state, done.change.decided_by) == (
        pb.PROPOSED_CHANGE_STATE_REJECTED,
        "rita",
    )
    error = await refused(bench.office.reject_change(reject, bench.caller("ravi")))
    assert error.reason == "OBJECT_STATE"
    assert await largest(bench) == 0


async def test_a_change_can_be_confirmed_for_a_day(bench):
    await set_by_one(bench, "10", 0)
    late = (await set_by_one(bench, "20", 1)).proposed
    bench.clock.advance(PROPOSED_CHANGE_MAX_S)
    error = await refused(bench.office.confirm(confirmation(late), bench.caller("ravi")))
    assert (error.reason, "24 hours" in error.text) == ("OBJECT_STATE", True)


async def test_a_beginning_that_has_passed_is_the_confirmation(bench):
    await set_by_one(bench, "10", 0)
    change = (await set_by_one(bench, "20", 1, valid_from=bench.at(10))).proposed
    bench.clock.advance(60)
    done = await bench.office.confirm(confirmation(change), bench.caller("ravi"))
    assert done.limit.valid_from == done.limit.set_at
    assert await largest(bench) == 20


async def test_no_batch_reads_a_proposed_change(bench):
    await set_by_one(bench, "10", 0)
    await set_by_one(bench, "20", 1)
    picture = await bench.office.store.picture("ACC-ALICE", bench.clock.now_ns() // 1000)
    assert [kind for kind, _ in picture.records] == [RecordKind.LIMIT]


async def override(bench: LimitBench, limit: limit_pb2.Limit, quantity: str) -> str:
    request = pb.ProposeOverrideRequest(
        limit_id=limit.limit_id, account_id="ACC-ALICE", reason="a test",
        values=limit_pb2.LimitValues(quantity=quantity), valid_until=bench.at(3600),
    )  # fmt: skip
    made = (await bench.office.propose(request, bench.caller())).override
    return made.override_id


async def test_an_override_ends_with_the_version_it_was_made_for(bench):
    limit = (await set_by_one(bench, "20", 0)).limit
    proposed = await override(bench, limit, "40")
    other = await override(bench, limit, "50")
    approve = pb.ApproveOverrideRequest(override_id=proposed)
    await bench.office.approve(approve, bench.caller("ravi"))
    assert await largest(bench) == 40
    await set_by_one(bench, "10", 1)
    assert await largest(bench) == 10
    # Nor can one be approved that was proposed for the version before.
    late = pb.ApproveOverrideRequest(override_id=other)
    error = await refused(bench.office.approve(late, bench.caller("ravi")))
    assert (error.reason, "version 1" in error.text) == ("OBJECT_STATE", True)


async def test_an_override_ends_with_its_limit(bench):
    limit = (await set_by_one(bench, "20", 0)).limit
    proposed = await override(bench, limit, "40")
    await bench.office.approve(
        pb.ApproveOverrideRequest(override_id=proposed), bench.caller("ravi")
    )
    await bench.end_limit(limit.limit_id, 1)
    await set_by_one(bench, "10", 2)
    assert await largest(bench) == 10


async def test_no_override_of_a_limit_that_has_ended(bench):
    limit = (await set_by_one(bench, "20", 0)).limit
    await bench.end_limit(limit.limit_id, 1)
    assert (await refused(override(bench, limit, "40"))).reason == "OBJECT_STATE"


async def test_the_withdrawal_of_a_tighter_override_needs_two_persons(bench):
    limit = (await set_by_one(bench, "20", 0)).limit
    proposed = await override(bench, limit, "10")
    await bench.office.approve(
        pb.ApproveOverrideRequest(override_id=proposed), bench.caller("ravi")
    )
    assert await largest(bench) == 10
    request = pb.RejectOverrideRequest(override_id=proposed, reason="over")
    answer = await bench.office.reject(request, bench.caller("rita"))
    assert answer.HasField("proposed")
    assert await largest(bench) == 10
    await bench.office.confirm(confirmation(answer.proposed), bench.caller("ravi"))
    assert await largest(bench) == 20
