"""Deciding on a proposal that lapses meanwhile."""

import time

import pytest

from mesh.errors import MeshError
from svc_oms.service.audit.audit_log import AuditLog, action
from svc_oms.service.directory.user_names import Person
from svc_oms.service.venue.session_administration import SessionAdministration
from tests.support.clock import ManualClock
from tests.support.oms_memory import MemoryStore

ENTRY = action(0, "rita", "SessionService", "")


class Silence:
    def wake_accounts(self, account_ids):
        raise AssertionError(account_ids)

    def wake_sessions(self, session_ids):
        raise AssertionError(session_ids)


@pytest.mark.parametrize("approve", [True, False])
async def test_a_decision_that_was_not_stored_is_not_answered_as_made(approve, monkeypatch):
    """The database's clock is ahead: it has the proposal as lapsed, this clock has not yet."""
    store = MemoryStore()
    await store.take_session("a", "SIMA", "r1", "g", may_add=True)
    rows = store.session_actions()
    desk = SessionAdministration(rows, ManualClock(time.time_ns()), Silence(), AuditLog("r"))
    proposal = await desk.propose(
        "a", (9, 0), reset=False, who=Person("rita", "Rita"), why="why", life_s=60, audit=ENTRY
    )

    async def too_late(row, before, record):
        del row, before, record
        return False

    monkeypatch.setattr(rows, "move", too_late)
    with pytest.raises(MeshError) as refused:
        await desk.decide(proposal.action_id, Person("oscar"), approve=approve, audit=ENTRY)
    assert (refused.value.reason, refused.value.field) == ("OBJECT_STATE", "action_id")
    assert (await desk.action(proposal.action_id)).state == proposal.state
