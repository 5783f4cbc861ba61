"""What any store of guards must do."""

from svc_oms.service.ports.guard_ports import Armed, GuardRow


def guard(holder: str = "H1", name: str = "algo", grace_s: int = 0, **changes) -> GuardRow:
    return GuardRow(holder, "alice", name, ("ACC-ALICE", "ACC-BOB"), grace_s)._replace(**changes)


ARMED = Armed(armed=True, resumed=False)


async def test_a_guard_lives_while_somebody_vouches_for_it(store):
    guards = store.guards()
    assert await guards.arm(guard()) == ARMED
    assert (await guards.held("alice"), await guards.held("bob")) == (1, 0)
    assert await guards.vouch(["H1", "H2"]) == ["H1"]
    assert not await guards.due(dead_too=True)
    assert not await guards.claim("H1")


async def test_a_lost_guard_is_due_after_its_grace_and_fires_once(store):
    guards = store.guards()
    await guards.arm(guard())
    await guards.arm(guard("H2", "slow", 300))
    await guards.arm(guard("H3", "ended by us"))
    await guards.lost("H1", 0)
    await guards.lost("H2", 0)
    await guards.lost("H3", 15)
    assert await guards.due(dead_too=False) == [guard()]
    assert await guards.vouch(["H1"]) == []
    assert await guards.claim("H1")
    assert not await guards.claim("H1")
    assert not await guards.due(dead_too=True)
    assert not (await guards.arm(guard("H4"))).armed
    await guards.disarm("H1")
    await guards.fired("H2")
    await guards.fired("H1")
    assert await guards.arm(guard("H4")) == ARMED
    assert await guards.held("alice") == 3


async def test_a_flow_of_the_name_that_comes_back_resumes_it(store):
    guards = store.guards()
    await guards.arm(guard(grace_s=300))
    await guards.lost("H1", 0)
    assert await guards.arm(guard("H2", "other")) == ARMED
    assert await guards.arm(guard("H3", subject="bob")) == ARMED
    assert await guards.arm(guard("H4")) == Armed(armed=True, resumed=True)
    assert not await guards.claim("H1")


async def test_another_living_flow_of_the_name_is_enough(store):
    guards = store.guards()
    await guards.arm(guard())
    await guards.arm(guard("H2"))
    await guards.lost("H1", 0)
    assert await guards.due(dead_too=False) == [guard()]
    assert not await guards.claim("H1")
    assert not await guards.due(dead_too=False)
    await guards.lost("H2", 0)
    assert await guards.claim("H2")


async def test_a_disarmed_guard_does_not_fire(store):
    guards = store.guards()
    await guards.arm(guard())
    await guards.disarm("H1")
    await guards.lost("H1", 0)
    assert await guards.held("alice") == 0
    assert not await guards.due(dead_too=True)
    assert not await guards.claim("H1")


async def test_accounts_have_no_default_unless_set(store):
    assert await store.guards().defaults(["ACC-ALICE", "ACC-NONE"]) == {}
