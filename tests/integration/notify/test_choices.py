"""Rules and destinations: whose they are, their versions, and what they make of notifications."""

import itertools
import json

import asyncpg
import pytest

from meshctl.stack.servers.postgres import ROLES
from ordermesh.notify.v1 import destination_service_pb2 as destinations
from ordermesh.notify.v1 import notification_pb2 as pb
from ordermesh.notify.v1 import rule_service_pb2 as rules
from svc_notify.adapters.postgres.database import Database
from svc_notify.adapters.postgres.history import PostgresHistory
from svc_notify.adapters.postgres.migrate import migrate, newest_revision
from svc_notify.adapters.postgres.privileges import TABLES
from svc_notify.adapters.postgres.writing import PostgresNotifications
from svc_notify.domain.notification import Audience, Draft, Kind, Notification, Severity, viewer
from tests.support.notify import eventually, fill
from tests.support.postgres import as_service
from tests.support.refusals import refusal

KEYS = map(str, itertools.count())
SECRET = "0123456789012345678901234567890123"


async def set_rule(who, **rule):
    request = rules.SetRuleRequest(idempotency_key=next(KEYS), rule={"name": "n", **rule})
    return (await who.rules.SetRule(request, metadata=who.metadata)).rule


async def set_destination(who, secret="", **one):
    request = destinations.SetDestinationRequest(
        idempotency_key=next(KEYS), destination={"name": "n", **one}, secret=secret
    )
    answer = await who.destinations.SetDestination(request, metadata=who.metadata)
    return answer.destination


async def rule_ids(who):
    answer = await who.rules.ListRules(rules.ListRulesRequest(), metadata=who.metadata)
    return [rule.rule_id for rule in answer.rules]


async def test_rules_belong_to_their_user_and_firm_rules_to_risk(notify, user):
    one = await notify().start()
    alice, bob = user(one), user(one, "bob", accounts=("ACC-BOB",))
    rita = user(one, "rita", roles=("RISK",), accounts=())
    mine = await set_rule(alice, in_app=True, account_ids=["ACC-ALICE"])
    firm = await set_rule(rita, in_app=True, firm=True)
    assert await rule_ids(alice) == [mine.rule_id, firm.rule_id]
    assert await rule_ids(bob) == [firm.rule_id]
    assert (mine.owner, mine.version) == ("alice", 1)
    second = await set_rule(alice, rule_id=mine.rule_id, version=1, in_app=True)
    assert second.version == 2

    async def refused(who, **rule):
        request = rules.SetRuleRequest(idempotency_key=next(KEYS), rule={"name": "n", **rule})
        return (await refusal(who.rules.SetRule(request, metadata=who.metadata))).reason

    taken = {"rule_id": mine.rule_id, "in_app": True}
    assert await refused(alice, **taken, version=1) == "STALE_VERSION"
    assert await refused(bob, **taken, version=2) == "OBJECT_NOT_FOUND"
    assert await refused(bob, in_app=True, account_ids=["ACC-ALICE"]) == "ACCOUNT_NOT_ALLOWED"
    assert await refused(bob, in_app=True, firm=True) == "PERMISSION_DENIED"
    assert await refused(alice, rule_id=firm.rule_id, version=1, in_app=True) == "INVALID_FIELD"
    gone = rules.DeleteRuleRequest(rule_id=mine.rule_id)
    assert (await refusal(bob.rules.DeleteRule(gone, metadata=bob.metadata))).reason == (
        "OBJECT_NOT_FOUND"
    )
    for _ in range(2):  # removed before is no error
        await alice.rules.DeleteRule(gone, metadata=alice.metadata)
    of_firm = rules.DeleteRuleRequest(rule_id=firm.rule_id)
    assert (await refusal(bob.rules.DeleteRule(of_firm, metadata=bob.metadata))).reason == (
        "PERMISSION_DENIED"
    )
    # The same key with the same request gives the same rule; with another one it is refused.
    request = rules.SetRuleRequest(idempotency_key="same", rule={"name": "n", "in_app": True})
    made = {
        (await bob.rules.SetRule(request, metadata=bob.metadata)).rule.rule_id for _ in range(2)
    }
    assert len(made) == 1
    request.rule.name = "other"
    found = await refusal(bob.rules.SetRule(request, metadata=bob.metadata))
    assert found.reason == "IDEMPOTENCY_KEY_REUSED"


async def test_only_operators_set_destinations_and_others_see_no_address(notify, user):
    one = await notify().start()
    olga = user(one, "olga", roles=("OPERATOR",), accounts=())
    alice, bob = user(one), user(one, "bob")
    hook = await set_destination(olga, SECRET, channel=1, address="https://example.com/hook")
    await set_destination(olga, channel=3, address="https://hooks.slack.com/a/secret")
    await set_destination(olga, channel=2, address="bob@example.com", user_id="bob")
    request = destinations.SetDestinationRequest(
        idempotency_key="k",
        destination={"name": "n", "channel": 2, "address": "a@example.com"},
    )
    for who in (alice, user(one, "rita", roles=("RISK",))):
        found = await refusal(who.destinations.SetDestination(request, metadata=who.metadata))
        assert found.reason == "PERMISSION_DENIED"

    async def listed(who):
        wanted = destinations.ListDestinationsRequest()
        answer = await who.destinations.ListDestinations(wanted, metadata=who.metadata)
        return [one.address for one in answer.destinations]

    assert await listed(olga) == [
        "https://example.com/hook", "https://hooks.slack.com", "bob@example.com",
    ]  # fmt: skip
    assert await listed(alice) == ["", ""]
    assert await listed(bob) == ["", "", ""]
    rule = await set_rule(alice, destination_ids=[hook.destination_id])
    gone = destinations.DeleteDestinationRequest(destination_id=hook.destination_id)
    found = await refusal(olga.destinations.DeleteDestination(gone, metadata=olga.metadata))
    assert found.reason == "OBJECT_STATE"
    assert rule.rule_id in found.text


async def test_fills_become_one_message_that_waits_while_its_destination_is_paused(
    notify, events, user, mesh_url
):
    connection = await asyncpg.connect(mesh_url)
    await connection.execute(
        """INSERT INTO identity.users (user_id, username, display_name, password_hash, roles,
            accounts, disabled)
        VALUES ($1, 'alice', 'Alice', '$argon2id$x', '{TRADER}', '{ACC-ALICE}', false)""",
        ALICE,
    )
    one = await notify().start()
    olga = user(one, "olga", roles=("OPERATOR",), accounts=())
    alice = user(one, ALICE)
    mail = await set_destination(olga, channel=2, address="a@example.com", paused=True)
    await set_rule(alice, destination_ids=[mail.destination_id], digest={"seconds": 3600})
    await events.write("ACC-ALICE", *(fill(n) for n in range(150)))
    await events.write("ACC-BOB", fill(1))
    await events.write("ACC-ALICE", *(fill(150 + n) for n in range(50)))

    async def all_stored():
        return await connection.fetchval("SELECT last_sequence FROM notify.feed") == 201

    await eventually(all_stored, "every fill is stored")
    (row,) = await connection.fetch("SELECT * FROM notify.outbox")
    # What alice may not see is not in it.
    assert (sum(row["counts"]), len(row["sequences"]), row["attempts"]) == (200, 100, 0)
    # Who has lost the account gets nothing more.
    await connection.execute("UPDATE identity.users SET disabled = true, version = version + 1")
    await events.write("ACC-ALICE", fill(300))
    await eventually(
        lambda: connection.fetchval("SELECT last_sequence = 202 FROM notify.feed"), "the last fill"
    )
    assert sum(await connection.fetchval("SELECT counts FROM notify.outbox")) == 200
    await connection.close()


ALICE = "01ALICE0000000000000000000"


async def test_an_alert_that_fired_is_notified_to_its_user_only(notify, user, mesh_url):
    one = await notify().start()
    row = {
        "alert_id": "A", "user_id": "alice", "instrument_id": "ASML.SIMA", "price": 1,
        "condition": 1, "threshold": "700", "note": "", "state": 2, "ended_ns": 9,
    }  # fmt: skip
    connection = await asyncpg.connect(mesh_url)
    await connection.execute(
        """INSERT INTO marketdata.alert_log (user_id, sequence, alert_id, recorded_ns, body)
        VALUES ('alice', 1, 'A', 9, $1)""",
        json.dumps(row),
    )
    await connection.close()
    alice = user(one)
    (found,) = await eventually(alice.list, "the alert is notified")
    assert (found.kind, found.object_id) == (pb.NOTIFICATION_KIND_PRICE_ALERT, "A")
    assert await user(one, "rita", roles=("RISK",)).list() == []


async def test_a_user_is_shown_what_its_in_app_rules_select(notify, events, user):
    one = await notify().start()
    alice = user(one)
    await set_rule(alice, in_app=True, kinds=[pb.NOTIFICATION_KIND_FILL], amount_min="650.25")
    small = fill(1)
    small.executed.execution.price = "1"
    await events.write("ACC-ALICE", small, fill(2))

    async def stored():
        return len(await alice.list()) == 2

    await eventually(stored, "both fills")
    stream = alice.watch()
    frame = await stream.read()
    assert [item.snapshot.amount for item in frame.items[:-1]] == ["650.25"]


async def test_the_statement_and_the_domain_agree_on_who_may_see_what(mesh_url):
    database = Database(mesh_url)
    await database.open()
    store, history = PostgresNotifications(database), PostgresHistory(database)
    made = [
        Notification(
            number, f"{number:026}", 1,
            Draft(
                Kind.FILL, Severity.INFO, audience, 1, "t",
                account_id=account if audience is Audience.ACCOUNT else "",
                user_id=account if audience is Audience.USER else "",
            ),
        )
        for number, (audience, account) in enumerate(
            itertools.product(Audience, ("alice", "bob")), 1
        )
    ]  # fmt: skip
    async with store.writing() as writing:
        await writing.add(made)
    for roles, accounts in itertools.product(
        [{"TRADER"}, {"OPERATOR"}, {"RISK"}, {"AUDITOR"}, {"VIEWER"}], [set(), {"alice"}]
    ):
        who = viewer("alice", frozenset(roles), frozenset(accounts))
        seen = [shown.notification for shown in await history.newer(who, 0, 100)]
        assert seen == [one for one in made if who.may_see(one.draft)]
    await database.close()


async def test_old_notifications_are_removed_with_what_was_read(mesh_url):
    database = Database(mesh_url)
    await database.open()
    store, history = PostgresNotifications(database), PostgresHistory(database)
    draft = Draft(Kind.FILL, Severity.INFO, Audience.EVERYONE, 1, "t")
    async with store.writing() as writing:
        await writing.add([Notification(n, f"{n:026}", n, draft) for n in range(1, 11)])
    who = viewer("alice", frozenset({"VIEWER"}), frozenset())
    await history.mark(who, [f"{n:026}" for n in range(1, 11)], 5)
    assert await history.prune(4, 1_000, 2) == 2
    assert await history.prune(4, 1_000, 2) == 1
    assert await history.prune(0, 5, 100) == 2
    assert (await history.feed()).oldest == 6
    async with database.read() as connection:
        assert await connection.fetchval("SELECT count(*) FROM notify.reads") == 5
    await database.close()


async def test_the_rights_name_exactly_the_tables_that_there_are(mesh_url):
    connection = await asyncpg.connect(mesh_url)
    names = await connection.fetch(
        """SELECT relname FROM pg_class WHERE relnamespace = 'notify'::regnamespace
            AND relkind IN ('r', 'p')"""
    )
    await connection.close()
    assert {row[0] for row in names} == set(TABLES)
    assert await migrate(mesh_url, ROLES["notify"]) == newest_revision()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE notify.notifications SET text = 'x'",
        "UPDATE notify.changes SET by_user = 'x'",
        "DELETE FROM notify.changes",
        "SELECT * FROM oms.orders",
        "SELECT * FROM identity.users",
        "SELECT * FROM marketdata.alerts",
        "CREATE TABLE notify.mine (a int)",
    ],
)
async def test_the_role_of_the_service_may_do_what_it_needs_only(mesh_url, statement):
    connection = await asyncpg.connect(as_service(mesh_url, "notify"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)
    await connection.close()
