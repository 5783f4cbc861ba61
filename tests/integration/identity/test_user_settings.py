"""Settings of users on a real PostgreSQL: two replicas, every browser of a user, nobody else's."""

from types import SimpleNamespace

import grpc
import pytest

from ordermesh.identity.v1 import auth_service_pb2, auth_service_pb2_grpc
from ordermesh.identity.v1 import user_setting_pb2 as setting_pb
from ordermesh.identity.v1 import user_settings_service_pb2 as pb
from ordermesh.identity.v1 import user_settings_service_pb2_grpc as pb_grpc
from ordermesh.type.v1 import stream_pb2
from tests.support.bad_input import cases, garbled, unbreakable
from tests.support.identity_process import PASSWORD, Identity
from tests.support.ports import free_port
from tests.support.refusals import refusal_of_blocking as refused

METHODS = pb.DESCRIPTOR.services_by_name["UserSettingsService"].methods
LAYOUT = setting_pb.USER_SETTING_KIND_LAYOUT
WATCHLIST = setting_pb.USER_SETTING_KIND_WATCHLIST
CURSOR = stream_pb2.Cursor(epoch="e", sequence=1)


def layout(name: str, json: str = "{}") -> setting_pb.UserSetting:
    body = setting_pb.LayoutSetting(version=1, json=json)
    return setting_pb.UserSetting(name=name, layout=body)


GOOD = [
    pb.PutUserSettingRequest(setting=layout("Morning")),
    pb.PutUserSettingRequest(
        setting=setting_pb.UserSetting(
            name="Banks",
            watchlist=setting_pb.WatchlistSetting(instrument_ids=["BNP.SIMA"], columns=["bid"]),
        )
    ),
    pb.PutUserSettingRequest(
        setting=setting_pb.UserSetting(
            name="default",
            preferences=setting_pb.PreferencesSetting(layout="Morning", watchlist="Banks"),
        )
    ),
    pb.PutUserSettingRequest(
        setting=setting_pb.UserSetting(
            name="orders",
            blotter=setting_pb.BlotterSetting(
                columns=[setting_pb.BlotterColumn(column="side", width_px=80)],
                sort=[setting_pb.BlotterSort(column="side")],
                filters=[setting_pb.BlotterFilter(column="side", text="buy")],
            ),
        )
    ),
    pb.RenameUserSettingRequest(kind=LAYOUT, name="Morning", new_name="Noon", expected_revision=1),
    pb.DeleteUserSettingRequest(kind=LAYOUT, name="Noon", expected_revision=1),
    pb.ListUserSettingsRequest(kind=LAYOUT),
    pb.WatchUserSettingsRequest(cursor=CURSOR, heartbeat_s=1),
]
# What any value is allowed of: numbers and times that the server sets, flags, and what a cursor
# that cannot be resumed from has.
ANY_VALUE = {"setting.revision", "cursor.sequence", "setting.watchlist.consolidated",
             "setting.blotter.sort.descending"}  # fmt: skip


@pytest.fixture
def settings(identity):
    """A client of the settings, as a user; each test has users of its own."""
    with identity.channel() as channel:
        yield lambda username: as_user(identity, channel, username)


def as_user(identity: Identity, channel: grpc.Channel, username: str) -> SimpleNamespace:
    """Log in, and give each rpc as a function of its request."""
    identity.ensure_user(username)
    request = auth_service_pb2.LoginRequest(username=username, password=PASSWORD)
    tokens = auth_service_pb2_grpc.AuthServiceStub(channel).Login(request, timeout=10).tokens
    metadata = [("authorization", f"Bearer {tokens.access_token}")]
    stub = pb_grpc.UserSettingsServiceStub(channel)

    def bound(name):
        return lambda request: getattr(stub, name)(request, metadata=metadata, timeout=20)

    names = (
        method.name for method in pb.DESCRIPTOR.services_by_name["UserSettingsService"].methods
    )
    return SimpleNamespace(metadata=metadata, **{name: bound(name) for name in names})


def put(user, setting, expected=0):
    request = pb.PutUserSettingRequest(setting=setting, expected_revision=expected)
    return user.PutUserSetting(request).setting


def items(stream):
    """Yield (kind, item) of a stream, without heartbeats."""
    for frame in stream:
        for item in frame.items:
            kind = item.WhichOneof("item")
            if kind != "heartbeat":
                yield kind, getattr(item, kind)


def test_a_user_reads_changes_renames_and_removes_its_own_settings_alone(settings):
    anna, ben = settings("anna"), settings("ben")
    made = put(anna, layout("Morning"))
    put(ben, layout("Morning", '{"of":"ben"}'))
    assert (made.revision, made.name) == (1, "Morning")
    assert made.changed_at.seconds > 1_700_000_000
    changed = put(anna, layout("Morning", '{"a":1}'), made.revision)
    rename = pb.RenameUserSettingRequest(
        kind=LAYOUT, name="Morning", new_name="Noon", expected_revision=changed.revision
    )
    renamed = anna.RenameUserSetting(rename).setting
    assert (renamed.name, renamed.layout.json) == ("Noon", '{"a":1}')
    listed = anna.ListUserSettings(pb.ListUserSettingsRequest()).settings
    assert list(listed) == [renamed]
    assert not anna.ListUserSettings(pb.ListUserSettingsRequest(kind=WATCHLIST)).settings
    remove = pb.DeleteUserSettingRequest(
        kind=LAYOUT, name="Noon", expected_revision=renamed.revision
    )
    anna.DeleteUserSetting(remove)
    anna.DeleteUserSetting(remove)
    assert not anna.ListUserSettings(pb.ListUserSettingsRequest()).settings
    (of_ben,) = ben.ListUserSettings(pb.ListUserSettingsRequest()).settings
    assert of_ben.layout.json == '{"of":"ben"}'


def test_a_conflict_names_the_field_and_the_present_revision(settings):
    clara = settings("clara")
    made = put(clara, layout("Morning"))
    put(clara, layout("Morning", '{"a":1}'), made.revision)
    for request in (
        pb.PutUserSettingRequest(setting=layout("Morning", '{"b":1}'), expected_revision=1),
        pb.RenameUserSettingRequest(kind=LAYOUT, name="Morning", new_name="N", expected_revision=1),
        pb.DeleteUserSettingRequest(kind=LAYOUT, name="Morning", expected_revision=1),
    ):
        rpc = type(request).__name__.removesuffix("Request")
        found = refused(getattr(clara, rpc), request)
        assert (found.reason, found.field) == ("STALE_VERSION", "expected_revision"), rpc
        assert (found.metadata["value"], found.metadata["version"]) == ("1", "2")
    # The same request again is no conflict: its answer may have been lost.
    assert put(clara, layout("Morning", '{"a":1}'), made.revision).revision == 2


def test_every_browser_of_a_user_gets_a_change_at_once_and_other_users_get_none(settings):
    dora, emil = settings("dora"), settings("emil")
    put(dora, layout("Morning"))
    streams = [items(dora.WatchUserSettings(pb.WatchUserSettingsRequest())) for _ in range(2)]
    other = items(emil.WatchUserSettings(pb.WatchUserSettingsRequest()))
    assert next(other)[0] == "snapshot_complete"
    for stream in streams:
        assert [kind for kind, _ in (next(stream), next(stream))] == [
            "snapshot",
            "snapshot_complete",
        ]
    changed = put(dora, layout("Morning", '{"a":1}'), 1)
    for stream in streams:
        assert next(stream) == ("changed", changed)
    dora.DeleteUserSetting(
        pb.DeleteUserSettingRequest(kind=LAYOUT, name="Morning", expected_revision=2)
    )
    for stream in streams:
        kind, removed = next(stream)
        assert (kind, removed.kind, removed.name, removed.revision) == (
            "removed",
            LAYOUT,
            "Morning",
            3,
        )
    put(emil, layout("Evening"))
    assert next(other)[1].name == "Evening"


def test_a_reader_resumes_after_its_cursor_and_a_strange_cursor_begins_anew(settings):
    finn = settings("finn")
    put(finn, layout("Morning"))
    complete = dict(items_until_complete(finn, None))["snapshot_complete"]
    put(finn, layout("Evening"))
    put(finn, layout("Evening", '{"a":1}'), 2)
    resumed = items(finn.WatchUserSettings(pb.WatchUserSettingsRequest(cursor=complete.cursor)))
    kind, changed = next(resumed)
    assert (kind, changed.name, changed.revision) == ("changed", "Evening", 3)
    for cursor, cause in (
        (stream_pb2.Cursor(epoch="another"), stream_pb2.RESYNC_CAUSE_EPOCH_CHANGED),
        (stream_pb2.Cursor(epoch=complete.cursor.epoch, sequence=99),
         stream_pb2.RESYNC_CAUSE_CURSOR_UNKNOWN),
    ):  # fmt: skip
        read = items_until_complete(finn, cursor)
        assert [kind for kind, _ in read] == ["resync", "snapshot", "snapshot", "snapshot_complete"]
        assert read[0][1].cause == cause


def items_until_complete(user, cursor):
    found = []
    for kind, item in items(user.WatchUserSettings(pb.WatchUserSettingsRequest(cursor=cursor))):
        found.append((kind, item))
        if kind == "snapshot_complete":
            return found
    raise AssertionError("the stream ended before its snapshot was complete")


def test_a_change_at_one_replica_reaches_the_browsers_of_another(identity, settings, tls_folder):
    greta = settings("greta")
    second = Identity(
        identity.folder, tls_folder, identity.database_url, free_port(), free_port(), free_port()
    )
    process = second.start()
    try:
        with second.channel() as channel:
            there = as_user(second, channel, "greta")
            stream = items(there.WatchUserSettings(pb.WatchUserSettingsRequest()))
            assert next(stream)[0] == "snapshot_complete"
            made = put(greta, layout("Morning"))
            assert next(stream) == ("changed", made)
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0


def test_without_a_token_nothing_is_read_or_changed(identity):
    with identity.channel() as channel:
        stub = pb_grpc.UserSettingsServiceStub(channel)
        for good in GOOD:
            name = type(good).__name__.removesuffix("Request")
            call = getattr(stub, name)
            found = refused(lambda r, c=call, **kw: first(c(r, **kw)), good, timeout=10)
            assert found.reason == "UNAUTHENTICATED", name


def first(answer):
    """Wait for an answer, or for the first frame of a stream."""
    return next(answer) if isinstance(answer, grpc.RpcContext) else answer


def test_every_rpc_and_field_has_a_case():
    assert {type(good).__name__ for good in GOOD} == {one.input_type.name for one in METHODS}
    for good in GOOD[4:]:
        assert unbreakable(good) <= ANY_VALUE
    covered = set.union(
        *({case.field.replace("[0]", "") for case in cases(one)} for one in GOOD[:4])
    )
    assert unbreakable(GOOD[0]) - covered <= ANY_VALUE | {"setting.changed_at"}


@pytest.mark.parametrize("good", GOOD, ids=lambda good: type(good).__name__)
def test_broken_fields_are_refused_by_name(identity, settings, good):
    henry = settings("henry")
    name = type(good).__name__.removesuffix("Request")
    for case in cases(good):
        found = refused(lambda r: first(getattr(henry, name)(r)), case.request)
        assert found.code is grpc.StatusCode.INVALID_ARGUMENT, case.name
        assert (found.reason, found.field) == ("INVALID_FIELD", case.field), case.name
        assert found.metadata["expected"], case.name
    with identity.channel() as channel:
        path = f"/ordermesh.identity.v1.UserSettingsService/{name}"
        open_call = channel.unary_stream if name.startswith("Watch") else channel.unary_unary
        for case in garbled(good):
            call = open_call(path)
            found = refused(
                lambda data, c=call: first(c(data, metadata=henry.metadata, timeout=10)), case.data
            )
            assert found.reason == "INVALID_FIELD", case.name
