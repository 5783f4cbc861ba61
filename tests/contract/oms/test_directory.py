"""What can be named, in memory and on PostgreSQL alike."""

import pytest

from svc_oms.service.codec.kill_messages import placed_by_bytes
from svc_oms.service.ports import AccountInfo, OrderWrite, WriteSet
from svc_oms.service.ports.directory_ports import IdKind
from tests.support.oms import listing


@pytest.fixture
async def directory(store):
    await store.ensure_account(AccountInfo("ACC-DESK", "CommandWorker", "EUR", "FIRM", 1, "CASH"))
    rows = [listing(mic=mic) for mic in ("SIMA", "SIMB")]
    await store.keep_instruments([(r.instrument_id, r.SerializeToString()) for r in rows])
    await store.take_session("sima-orders", "SIMA", "r1", "g", may_add=True)
    await store.take_session("sima-copy", "SIMA", "r1", "g", may_add=True, drop_copy=True)
    made = store.directory()
    await made.keep_people([("01JD", "alice"), ("01JE", "bob")])
    return made


@pytest.mark.parametrize(
    ("kind", "there", "absent"),
    [
        (IdKind.FIRM, ["DEMO", "FIRM"], ["", "CASH", "demo", "ACC-BOB"]),
        (IdKind.DESK, ["CASH"], ["", "FIRM/CASH", "FIRM"]),
        (IdKind.FIRM_DESK, ["FIRM/CASH"], ["CASH", "DEMO/CASH", "DEMO/", "FIRM/"]),
        (IdKind.ACCOUNT, ["ACC-ALICE", "ACC-DESK"], ["ACC", "DEMO", ""]),
        (IdKind.TRADER, ["01JD", "01JE"], ["alice", "01J", ""]),
        (IdKind.SESSION, ["sima-orders"], ["sima-copy", "simb-orders", ""]),
        (IdKind.VENUE, ["SIMA", "SIMB"], ["SIMC", "IMA", ""]),
        (IdKind.INSTRUMENT, ["ASML.SIMA", "ASML.SIMB"], ["ASML", "ASML.SIMC", ""]),
    ],
)
async def test_what_is_there_is_known_and_named(directory, kind, there, absent):
    for value in there:
        assert await directory.knows(kind, value), value
    for value in absent:
        assert not await directory.knows(kind, value), value
    ids = [known_id for known_id, _ in await directory.likely(kind, there[0], 50)]
    assert set(there) <= set(ids)
    assert len(ids) == len(set(ids))
    assert not set(absent) & set(ids)
    assert len(await directory.likely(kind, there[0], 1)) == 1


async def test_people_are_known_by_what_they_were_called_last(directory):
    await directory.keep_people([("01JD", "alicia")])
    assert dict(await directory.likely(IdKind.TRADER, "x", 9)) == {"01JD": "alicia", "01JE": "bob"}


async def test_a_trader_is_found_by_the_last_user_name(directory):
    await directory.keep_people([("01JF", "bob"), ("01JD", "alicia")])
    assert await directory.traders_named("bob") == ["01JE", "01JF"]
    assert await directory.traders_named("alicia") == ["01JD"]
    assert await directory.traders_named("alice") == []
    assert await directory.traders_named("01JD") == []


async def test_an_open_order_makes_its_trader_venue_and_listing_known(store, directory):
    """From before anybody was noted, or of a listing that is no longer reported."""
    body = placed_by_bytes("carol")

    def order(name: str, *, is_open: bool) -> OrderWrite:
        return OrderWrite(
            order_id=f"01JD000000000000000000000{name}",
            account_id="ACC-ALICE",
            instrument_id=f"OLD{name}.SIM{name}",
            venue_mic=f"SIM{name}",
            side=1,
            type=2,
            state=3,
            is_open=is_open,
            quantity="1",
            limit_price="1",
            cum_quantity="0",
            leaves="1",
            average_price="0",
            cl_ord_id=name,
            created_sequence=1,
            last_sequence=1,
            created_at_us=1,
            updated_at_us=1,
            closed=not is_open,
            body=body if is_open else placed_by_bytes("dave"),
            waits=False,
            group_id="",
            unsolicited_key="",
            fold=b"",
        )

    async with store.transaction() as batch:
        await batch.lock_accounts(["ACC-ALICE"])
        both = [order("X", is_open=True), order("Y", is_open=False)]
        await batch.write(WriteSet(new_orders=both))
    for kind, open_one, closed_one in (
        (IdKind.TRADER, "carol", "dave"),
        (IdKind.VENUE, "SIMX", "SIMY"),
        (IdKind.INSTRUMENT, "OLDX.SIMX", "OLDY.SIMY"),
    ):
        assert await directory.knows(kind, open_one)
        assert not await directory.knows(kind, closed_one)
    assert not await directory.knows(IdKind.TRADER, "caro")


async def test_what_goes_together(directory):
    for firm, desk, account, there in (
        ("FIRM", "CASH", "ACC-DESK", True),
        ("", "CASH", "ACC-DESK", True),
        ("FIRM", "", "ACC-ALICE", False),
        ("DEMO", "CASH", "", False),
        ("DEMO", "", "", True),
    ):
        assert await directory.together(firm, desk, account) is there
    assert await directory.venue_of("sima-orders") == "SIMA"
    assert await directory.venue_of("sima-copy") == ""
    assert await directory.venue_of("none") == ""


async def test_the_likely_ones_come_first(store_url, store, directory):
    """Among more accounts than are looked at, a typo in either half is found."""
    for number in range(60):
        name = f"ACC-{number:06}"
        await store.ensure_account(AccountInfo(name, name, "EUR", "DEMO", 1))
    if not store_url:
        pytest.skip("memory reads all it has")
    for typo, meant in (("ACC-000095", "ACC-000059"), ("CAC-000031", "ACC-000031")):
        found = [name for name, _ in await directory.likely(IdKind.ACCOUNT, typo, 60)]
        assert meant in found[:60]
    found = [name for name, _ in await directory.likely(IdKind.ACCOUNT, "CAC-000031", 5)]
    assert "ACC-000031" in found
