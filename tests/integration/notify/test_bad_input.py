"""Bad input to every rpc of svc_notify: named, and the caller may go on."""

import grpc

from ordermesh.notify.v1 import destination_service_pb2 as destinations
from ordermesh.notify.v1 import notification_service_pb2 as notifications
from ordermesh.notify.v1 import rule_service_pb2 as rules
from tests.support.bad_input import cases, garbled, unbreakable
from tests.support.refusals import refusal

TIME = {"seconds": 1}
WATCH = notifications.WatchRequest(cursor={"epoch": "e", "sequence": 1}, heartbeat_s=1)
MARK = notifications.MarkReadRequest(notification_ids=["N"], up_to_sequence=1)
RULE = {
    "rule_id": "R", "version": 1, "firm": True, "owner": "o", "name": "n", "disabled": True,
    "kinds": [1], "severity_min": 1, "account_ids": ["ACC-ALICE"], "venue_mic": "SIMA",
    "amount_min": "1", "in_app": True, "destination_ids": ["D"],
    "quiet_hours": {"begin": "22:00", "end": "07:00", "time_zone": "Europe/Berlin"},
    "digest": {"seconds": 1}, "messages_per_hour_max": 1, "changed_at": TIME,
}  # fmt: skip
DESTINATION = {
    "destination_id": "D", "version": 1, "name": "n", "channel": 1,
    "address": "https://example.com/", "user_id": "u", "paused": True, "changed_by": "c",
    "changed_at": TIME, "state": 1, "cause": "c",
}  # fmt: skip
GOOD = {
    "notifications.Stream": notifications.StreamRequest(open=WATCH),
    "notifications.Watch": WATCH,
    "notifications.List": notifications.ListRequest(
        kinds=[1], severity_min=1, account_id="ACC-ALICE", order_id="O", venue_mic="SIMA",
        unread_only=True, at_from=TIME, at_until=TIME, page_size=1, page_token="x",
    ),
    "notifications.MarkRead": MARK,
    "rules.SetRule": rules.SetRuleRequest(idempotency_key="k", rule=RULE),
    "rules.DeleteRule": rules.DeleteRuleRequest(rule_id="R"),
    "rules.ListRules": rules.ListRulesRequest(),
    "destinations.SetDestination": destinations.SetDestinationRequest(
        idempotency_key="k", destination=DESTINATION, secret="s"
    ),
    "destinations.DeleteDestination": destinations.DeleteDestinationRequest(destination_id="D"),
    "destinations.ListDestinations": destinations.ListDestinationsRequest(),
    "destinations.ListDeadLetters": destinations.ListDeadLettersRequest(
        destination_id="D", page_size=1, page_token="x"
    ),
    "destinations.RetryDeadLetter": destinations.RetryDeadLetterRequest(message_id="M"),
    "destinations.DiscardDeadLetter": destinations.DiscardDeadLetterRequest(message_id="M"),
}  # fmt: skip
# Free numbers and flags; what they mean is tested where they are used.
ANY_VALUE = {
    # A request of a stream has one of two parts; the other one is that of MarkRead.
    "notifications.Stream": {
        "open.cursor.sequence", "mark_read.notification_ids", "mark_read.up_to_sequence",
    },
    "notifications.Watch": {"cursor.sequence"},
    "notifications.List": {"unread_only"},
    "rules.SetRule": {
        "rule.version", "rule.firm", "rule.disabled", "rule.in_app", "rule.digest.seconds",
        "rule.digest.nanos",
    },
    "destinations.SetDestination": {"destination.version", "destination.paused"},
}  # fmt: skip
SERVICES = {
    "notifications": (notifications, "NotificationService"),
    "rules": (rules, "RuleService"),
    "destinations": (destinations, "DestinationService"),
}
EVERY_ROLE = ("TRADER", "RISK", "OPERATOR")


def test_every_rpc_and_field_has_a_case():
    for name, (module, _) in SERVICES.items():
        (service,) = module.DESCRIPTOR.services_by_name.values()
        for method in service.methods:
            good = GOOD[f"{name}.{method.name}"]
            assert good.DESCRIPTOR.full_name == method.input_type.full_name
            assert unbreakable(good) == ANY_VALUE.get(f"{name}.{method.name}", set())


async def test_broken_requests_are_refused_by_name(notify, user):
    one = await notify().start()
    who = user(one, "root", roles=EVERY_ROLE)
    channel = one.channel()
    for rpc, good in GOOD.items():
        stub, _, name = rpc.partition(".")
        method = getattr(getattr(who, stub), name)
        for case in cases(good):
            request = iter([case.request]) if name == "Stream" else case.request
            found = await refusal(method(request, metadata=who.metadata))
            assert found.code is grpc.StatusCode.INVALID_ARGUMENT, case.name
            assert (found.reason, found.field) == ("INVALID_FIELD", case.field), case.name
            assert found.metadata["expected"], case.name
            assert case.field in found.text, case.name
        path = f"/ordermesh.notify.v1.{SERVICES[stub][1]}/{name}"
        for case in garbled(good):
            if name == "Stream":
                made = channel.stream_stream(path)(iter([case.data]), metadata=who.metadata)
            elif name == "Watch":
                made = channel.unary_stream(path)(case.data, metadata=who.metadata)
            else:
                made = channel.unary_unary(path)(case.data, metadata=who.metadata)
            found = await refusal(made)
            assert found.reason == "INVALID_FIELD", (rpc, case.name)
    await channel.close()
    # Whoever sent all that is served as before.
    assert await who.list() == []


MEANING = [
    ("notifications.List", {"page_token": "made up"}, "INVALID_FIELD", "page_token"),
    ("notifications.MarkRead", {}, "INVALID_FIELD", "notification_ids"),
    (
        "notifications.MarkRead",
        {"notification_ids": ["N"], "up_to_sequence": 1},
        "INVALID_FIELD",
        "notification_ids",
    ),
    ("notifications.MarkRead", {"notification_ids": ["N"]}, "OBJECT_NOT_FOUND", "notification_ids"),
    *(
        ("rules.SetRule", {"idempotency_key": "k", "rule": {"name": "n", **rule}}, reason, field)
        for rule, reason, field in (
            ({}, "INVALID_FIELD", "rule.destination_ids"),
            ({"in_app": True, "kinds": [1, 1]}, "INVALID_FIELD", "rule.kinds"),
            ({"in_app": True, "kinds": [1, 0]}, "INVALID_FIELD", "rule.kinds[1]"),
            ({"in_app": True, "kinds": [99]}, "INVALID_FIELD", "rule.kinds[0]"),
            ({"in_app": True, "version": 1}, "INVALID_FIELD", "rule.version"),
            ({"in_app": True, "rule_id": "R"}, "OBJECT_NOT_FOUND", "rule.rule_id"),
            ({"in_app": True, "digest": {"nanos": 1}}, "INVALID_FIELD", "rule.digest"),
            ({"in_app": True, "digest": {"seconds": 86401}}, "INVALID_FIELD", "rule.digest"),
            ({"destination_ids": ["D"]}, "OBJECT_NOT_FOUND", "rule.destination_ids"),
            (
                {
                    "in_app": True,
                    "quiet_hours": {"begin": "07:00", "end": "07:00", "time_zone": "UTC"},
                },
                "INVALID_FIELD",
                "rule.quiet_hours.end",
            ),
            (
                {
                    "in_app": True,
                    "quiet_hours": {"begin": "07:00", "end": "08:00", "time_zone": "Mars"},
                },
                "INVALID_FIELD",
                "rule.quiet_hours.time_zone",
            ),
        )
    ),
    ("rules.DeleteRule", {"rule_id": "R"}, "OBJECT_NOT_FOUND", "rule_id"),
    *(
        (
            "destinations.SetDestination",
            {"idempotency_key": "k", "destination": {"name": "n", **one}, "secret": secret},
            reason,
            field,
        )
        for one, secret, reason, field in (
            ({"channel": 1, "address": "http://example.com"}, "s" * 32, "INVALID_FIELD",
             "destination.address"),
            ({"channel": 1, "address": "https://127.0.0.1/"}, "s" * 32, "INVALID_FIELD",
             "destination.address"),
            ({"channel": 2, "address": "nobody"}, "", "INVALID_FIELD", "destination.address"),
            ({"channel": 1, "address": "https://example.com/"}, "", "INVALID_FIELD", "secret"),
            ({"channel": 1, "address": "https://example.com/"}, "short", "INVALID_FIELD", "secret"),
            ({"channel": 2, "address": "a@example.com"}, "s" * 32, "INVALID_FIELD", "secret"),
            ({"channel": 2, "address": "a@example.com", "destination_id": "D"}, "",
             "OBJECT_NOT_FOUND", "destination.destination_id"),
        )
    ),
    ("destinations.DeleteDestination", {"destination_id": "D"}, "OBJECT_NOT_FOUND",
     "destination_id"),
    ("destinations.ListDeadLetters", {"page_token": "x"}, "INVALID_FIELD", "page_token"),
    ("destinations.RetryDeadLetter", {"message_id": "M"}, "OBJECT_NOT_FOUND", "message_id"),
]  # fmt: skip


async def test_what_is_well_formed_and_cannot_be_is_refused_by_name(notify, user):
    one = await notify().start()
    who = user(one, "root", roles=EVERY_ROLE)
    for rpc, fields, reason, field in MEANING:
        stub, _, name = rpc.partition(".")
        request = type(GOOD[rpc])(**fields)
        found = await refusal(getattr(getattr(who, stub), name)(request, metadata=who.metadata))
        assert (found.reason, found.field) == (reason, field), (rpc, fields, found.text)
