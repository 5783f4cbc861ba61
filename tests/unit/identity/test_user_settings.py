"""Settings of users: revisions, limits, what is remembered of what was removed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.errors import MeshError
from ordermesh.identity.v1 import user_setting_pb2 as pb
from ordermesh.identity.v1 import user_settings_service_pb2 as service_pb
from svc_identity.api.user_settings.mapping import KINDS, key_and_body, setting_to_proto
from svc_identity.api.user_settings.servicer import ACCESS
from svc_identity.domain.errors import (
    SettingMissingError,
    SettingNameTakenError,
    SettingsFullError,
    StaleSettingError,
    TooManyChangesError,
)
from svc_identity.domain.user_settings import (
    BYTES_MAX,
    CHANGES_MAX,
    CHANGES_WITHIN_S,
    REMOVED_KEPT_MAX,
    SETTINGS_MAX,
    Setting,
    SettingKey,
    SettingKind,
)
from svc_identity.service.user_settings import SettingsKeeper, SettingsReaders
from tests.support.clock import ManualClock
from tests.support.identity import MemoryStore

LAYOUT = SettingKey(SettingKind.LAYOUT, "Morning")

TWICE = ["ASML.SIMA", "ASML.SIMA"]


@pytest.fixture
def keeper():
    return SettingsKeeper(MemoryStore(), ManualClock())


async def refill(keeper: SettingsKeeper) -> None:
    """Let the window of changes pass."""
    keeper.clock.advance(CHANGES_WITHIN_S + 1)


async def test_a_change_must_name_the_revision_it_was_made_from(keeper):
    first = await keeper.put("alice", LAYOUT, b"1", 0)
    second = await keeper.put("alice", LAYOUT, b"2", first.revision)
    assert (first.revision, second.revision) == (1, 2)
    for wrong in (0, 1, 3):
        with pytest.raises(StaleSettingError) as refused:
            await keeper.put("alice", LAYOUT, b"3", wrong)
        assert (refused.value.expected, refused.value.present) == (wrong, 2)
    with pytest.raises(StaleSettingError):
        await keeper.put("alice", LAYOUT._replace(name="New"), b"3", 2)


async def test_the_same_request_sent_again_is_answered_as_before_and_changes_nothing(keeper):
    first = await keeper.put("alice", LAYOUT, b"1", 0)
    assert await keeper.put("alice", LAYOUT, b"1", 0) == first
    assert (await keeper.snapshot("alice")).head.last_revision == 1


async def test_a_user_has_settings_of_its_own(keeper):
    await keeper.put("alice", LAYOUT, b"alice", 0)
    await keeper.put("bob", LAYOUT, b"bob", 0)
    await keeper.remove("bob", LAYOUT, 1)
    assert [one.body for one in (await keeper.snapshot("alice")).settings] == [b"alice"]
    assert (await keeper.snapshot("bob")).settings == []


async def test_a_removed_setting_is_remembered_for_readers_and_can_be_made_again(keeper):
    made = await keeper.put("alice", LAYOUT, b"1", 0)
    with pytest.raises(StaleSettingError):
        await keeper.remove("alice", LAYOUT, made.revision + 1)
    await keeper.remove("alice", LAYOUT, made.revision)
    await keeper.remove("alice", LAYOUT, made.revision)
    (removed,) = await keeper.after("alice", made.revision)
    assert (removed.key, removed.revision, removed.body) == (LAYOUT, 2, None)
    again = await keeper.put("alice", LAYOUT, b"1", 0)
    assert again.revision == 3
    assert await keeper.after("alice", 1) == [again]


async def test_renaming_keeps_the_body_and_refuses_a_name_that_is_taken(keeper):
    made = await keeper.put("alice", LAYOUT, b"1", 0)
    other = await keeper.put("alice", LAYOUT._replace(name="Evening"), b"2", 0)
    with pytest.raises(SettingNameTakenError):
        await keeper.rename("alice", LAYOUT, "Evening", made.revision)
    with pytest.raises(SettingMissingError):
        await keeper.rename("alice", LAYOUT._replace(name="Noon"), "Night", 1)
    with pytest.raises(StaleSettingError):
        await keeper.rename("alice", LAYOUT, "Noon", other.revision)
    renamed = await keeper.rename("alice", LAYOUT, "Noon", made.revision)
    assert (renamed.key.name, renamed.body) == ("Noon", b"1")
    changes = await keeper.after("alice", other.revision)
    assert [(one.key.name, one.body) for one in changes] == [("Noon", b"1"), ("Morning", None)]


async def test_a_user_has_at_most_so_many_settings(keeper):
    for number in range(SETTINGS_MAX):
        if number % CHANGES_MAX == 0:
            await refill(keeper)
        await keeper.put("alice", LAYOUT._replace(name=str(number)), b"1", 0)
    with pytest.raises(SettingsFullError) as refused:
        await keeper.put("alice", LAYOUT, b"1", 0)
    assert refused.value.limit == SETTINGS_MAX
    await keeper.put("alice", LAYOUT._replace(name="7"), b"2", 8)
    await keeper.remove("alice", LAYOUT._replace(name="8"), 9)
    await keeper.put("alice", LAYOUT, b"1", 0)


async def test_the_settings_of_a_user_have_at_most_so_many_bytes_together(keeper):
    half = b"x" * (BYTES_MAX // 2)
    await keeper.put("alice", LAYOUT, half, 0)
    await keeper.put("alice", LAYOUT._replace(name="b"), half, 0)
    with pytest.raises(SettingsFullError) as refused:
        await keeper.put("alice", LAYOUT._replace(name="c"), b"x", 0)
    assert refused.value.limit == BYTES_MAX
    await keeper.put("alice", LAYOUT, half[:-1], 1)
    await keeper.put("alice", LAYOUT._replace(name="c"), b"x", 0)


async def test_changes_have_a_rate_by_user(keeper):
    revision = 0
    for number in range(CHANGES_MAX):
        revision = (await keeper.put("alice", LAYOUT, b"%d" % number, revision)).revision
    with pytest.raises(TooManyChangesError) as refused:
        await keeper.put("alice", LAYOUT, b"more", revision)
    assert 0 < refused.value.retry_after_s <= CHANGES_WITHIN_S
    assert (await keeper.snapshot("alice")).head.last_revision == CHANGES_MAX
    await keeper.put("bob", LAYOUT, b"1", 0)
    await refill(keeper)
    await keeper.put("alice", LAYOUT, b"more", revision)


async def test_so_many_removed_settings_are_remembered_and_older_cursors_are_too_old(keeper):
    for number in range(REMOVED_KEPT_MAX + 3):
        await refill(keeper)
        key = LAYOUT._replace(name=f"n{number}")
        made = await keeper.put("alice", key, b"1", 0)
        await keeper.remove("alice", key, made.revision)
    snapshot = await keeper.snapshot("alice")
    assert len(await keeper.after("alice", 0)) == REMOVED_KEPT_MAX
    # The third setting was removed by the sixth change.
    assert snapshot.head.forgotten == 6


def test_a_notice_wakes_the_readers_of_its_user_and_a_new_connection_wakes_all():
    readers, woken = SettingsReaders(), []
    wakes = {name: (lambda name=name: woken.append(name)) for name in ("alice", "bob")}
    for name, wake in wakes.items():
        readers.join(name, wake)
    readers.heard("alice")
    readers.heard("carol")
    assert woken == ["alice"]
    readers.heard("")
    assert woken == ["alice", "alice", "bob"]
    readers.leave("alice", wakes["alice"])
    readers.heard("alice")
    assert len(woken) == 3


def test_every_body_has_a_kind_of_the_contract_and_every_rpc_a_rule():
    bodies = {field.name for field in pb.UserSetting.DESCRIPTOR.oneofs_by_name["body"].fields}
    assert set(KINDS) == bodies
    for name, kind in KINDS.items():
        assert pb.UserSettingKind.Name(kind) == f"USER_SETTING_KIND_{name.upper()}"
    assert {kind.value for kind in SettingKind} == set(pb.UserSettingKind.values()) - {0}
    methods = service_pb.DESCRIPTOR.services_by_name["UserSettingsService"].methods
    assert set(ACCESS) == {method.name for method in methods}


@given(st.lists(st.from_regex(r"[A-Z]{1,8}\.SIM[AB]", fullmatch=True), unique=True), st.booleans())
def test_what_is_stored_is_what_is_read(names, consolidated):
    watchlist = pb.WatchlistSetting(instrument_ids=names, consolidated=consolidated)
    sent = pb.UserSetting(name="Mine", revision=9, watchlist=watchlist)
    key, body = key_and_body(sent)
    read = setting_to_proto(Setting(key, 3, 5, body))
    assert (read.name, read.revision, read.watchlist) == ("Mine", 3, watchlist)


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ({}, "setting.body"),
        ({"name": "n ", "blotter": {}}, "setting.name"),
        ({"layout": {"version": 1, "json": "["}}, "setting.layout.json"),
        ({"layout": {"version": 1, "json": "[" * 30_000}}, "setting.layout.json"),
        ({"layout": {"version": 1, "json": "7"}}, "setting.layout.json"),
        ({"layout": {"version": 1, "json": '{"a": NaN}'}}, "setting.layout.json"),
        ({"layout": {"version": 1, "json": '{"a": -Infinity}'}}, "setting.layout.json"),
        (
            {"watchlist": {"instrument_ids": ["A.SIMA", "A.SIMA"]}},
            "setting.watchlist.instrument_ids",
        ),
        ({"watchlist": {"columns": ["bid", "bid"]}}, "setting.watchlist.columns"),
        ({"preferences": {}}, "setting.name"),
        ({"blotter": {"columns": [{"column": "a"}, {"column": "a"}]}}, "setting.blotter.columns"),
        ({"blotter": {"sort": [{"column": "a"}, {"column": "a"}]}}, "setting.blotter.sort"),
    ],
)
def test_a_body_that_cannot_be_is_refused_by_name(setting, field):
    with pytest.raises(MeshError) as refused:
        key_and_body(pb.UserSetting(**{"name": "n", **setting}))
    assert (refused.value.reason, refused.value.field) == ("INVALID_FIELD", field)
    assert refused.value.metadata["expected"]
