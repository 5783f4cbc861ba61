"""What goes to destinations is decided when it is sent: rights that were taken away are gone."""

import itertools

import asyncpg
import pytest

from ordermesh.notify.v1 import destination_service_pb2 as destinations
from ordermesh.notify.v1 import rule_service_pb2 as rules
from svc_notify.adapters.postgres.choices import PostgresChoices
from svc_notify.adapters.postgres.database import Database
from svc_notify.adapters.postgres.outbox import PostgresOutbox
from svc_notify.adapters.postgres.writing import PostgresNotifications
from svc_notify.domain.notification import Audience, Draft, Kind, Notification, Severity
from svc_notify.domain.outbox import Dead, collect
from svc_notify.domain.rules import Pace, Rule
from tests.support.postgres import as_service
from tests.support.refusals import refusal

ALICE = "01ALICE0000000000000000000"
KEYS = map(str, itertools.count())
SLACK_URL = "https://hooks.slack.com/services/T/B/word"


def message_id(number):
    return f"{number:026}"


class Bench:
    """The store of the service under its own role, with one rule of Alice's."""

    def __init__(self, database):
        self.outbox = PostgresOutbox(database)
        self._store = PostgresNotifications(database)
        self._choices = PostgresChoices(database)
        self.rule = Rule("R", ALICE, firm=False, destinations=("D",))
        self._made = 0

    async def destination(self, user_id=""):
        one = destinations.Destination(
            destination_id="D", version=1, channel=2, address="a@example.com", user_id=user_id
        )
        async with self._choices.changing() as change:
            present = await change.destination("D")
            one.version = present.version + 1 if present else 1
            await change.put_destination(one, "", "olga", 1)

    async def notify(self, *accounts, user_id=""):
        """Store a message with a notification of each account, or with one of a user."""
        audience = Audience.USER if user_id else Audience.ACCOUNT
        made = []
        for account in accounts or ("",):
            self._made += 1
            draft = Draft(
                Kind.FILL, Severity.INFO, audience, 1, "a secret", account_id=account,
                user_id=user_id,
            )  # fmt: skip
            made.append(Notification(self._made, message_id(self._made), 1, draft))
        async with self._store.writing() as writing:
            await writing.add(made)
            viewers = await writing.viewers([ALICE])
            for one in collect([self.rule], viewers, made):
                await writing.put(message_id(self._made), one, 1, 1, Pace(1, 1))

    async def claimed(self):
        await self.outbox.release()
        return await self.outbox.claim(10, 10, 40.0)


@pytest.fixture
async def admin(mesh_url):
    connection = await asyncpg.connect(mesh_url)
    await connection.execute(
        """INSERT INTO identity.users (user_id, username, display_name, password_hash, roles,
            accounts, disabled)
        VALUES ($1, 'alice', 'Alice', '$argon2id$x', '{TRADER}', '{ACC-ALICE,ACC-BOB}', false)""",
        ALICE,
    )
    yield connection
    await connection.close()


@pytest.fixture
async def bench(mesh_url, admin):
    del admin  # Alice is there
    database = Database(as_service(mesh_url, "notify"))
    await database.open()
    made = Bench(database)
    await made.destination()
    yield made
    await database.close()


async def test_an_account_that_a_user_lost_is_not_in_what_still_waits(bench, admin):
    await bench.notify("ACC-ALICE", "ACC-BOB")
    (whole,) = await bench.claimed()
    assert (whole.total, len(whole.notifications)) == (2, 2)
    await admin.execute("UPDATE identity.users SET accounts = '{ACC-ALICE}', version = version + 1")
    (less,) = await bench.claimed()
    assert [one.draft.account_id for one in less.notifications] == ["ACC-ALICE"]
    assert less.total == 1
    await admin.execute("UPDATE identity.users SET disabled = true, version = version + 1")
    (nothing,) = await bench.claimed()
    assert (nothing.total, nothing.notifications) == (0, ())


async def test_what_waits_for_a_destination_of_another_user_does_not_go_there(bench):
    await bench.notify("ACC-ALICE")
    await bench.destination(user_id="bob")
    (nothing,) = await bench.claimed()
    assert nothing.total == 0


async def test_dead_letters_are_bounded_and_say_nothing_that_is_for_one_user(bench):
    for _ in range(3):
        await bench.notify("ACC-ALICE")
        (message,) = await bench.claimed()
        await bench.outbox.settle(message, Dead("gone"), 0, 5)
    await bench.notify(user_id=ALICE)
    (message,) = await bench.claimed()
    await bench.outbox.settle(message, Dead("gone"), 0, 9)

    async def texts():
        return [one.text for one in await bench.outbox.dead_letters("Z", "", 10)]

    assert await texts() == ["", "a secret", "a secret", "a secret"]
    await bench.outbox.prune(0, 3)
    assert len(await texts()) == 3
    await bench.outbox.prune(6, 3)
    assert await texts() == [""]


async def test_a_destination_that_others_rules_name_does_not_become_one_users(notify, user):
    process = await notify().start()
    olga = user(process, "olga", roles=("OPERATOR",), accounts=())
    alice = user(process)

    def answer(**fields):
        one = {"name": "n", **fields}
        request = destinations.SetDestinationRequest(idempotency_key=next(KEYS), destination=one)
        return olga.destinations.SetDestination(request, metadata=olga.metadata)

    mail = (await answer(channel=2, address="a@example.com")).destination
    rule = {"name": "n", "destination_ids": [mail.destination_id]}
    request = rules.SetRuleRequest(idempotency_key=next(KEYS), rule=rule)
    await alice.rules.SetRule(request, metadata=alice.metadata)
    change = {
        "destination_id": mail.destination_id, "version": 1, "channel": 2,
        "address": "a@example.com",
    }  # fmt: skip
    found = await refusal(answer(**change, user_id="bob"))
    assert (found.reason, found.field) == ("OBJECT_STATE", "destination.user_id")
    assert (await answer(**change, user_id="alice")).destination.version == 2


async def test_a_slack_address_stays_when_it_is_given_back_as_it_was_shown(notify, user, admin):
    process = await notify().start()
    olga = user(process, "olga", roles=("OPERATOR",), accounts=())

    def answer(**fields):
        one = {"name": "n", "channel": 3, **fields}
        request = destinations.SetDestinationRequest(idempotency_key=next(KEYS), destination=one)
        return olga.destinations.SetDestination(request, metadata=olga.metadata)

    shown = (await answer(address=SLACK_URL)).destination
    assert shown.address == "https://hooks.slack.com"
    await answer(destination_id=shown.destination_id, version=1, address=shown.address, paused=True)
    body = await admin.fetchval("SELECT body FROM notify.destinations")
    assert destinations.Destination.FromString(body).address == SLACK_URL
    found = await refusal(answer(address=SLACK_URL.replace("https", "http")))
    assert (found.reason, found.field) == ("INVALID_FIELD", "destination.address")
    assert "word" not in str(found)
