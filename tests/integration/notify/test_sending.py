"""The process sends, with a real receiver: nothing is lost, whatever is killed."""

import json

from ordermesh.notify.v1 import destination_service_pb2 as destinations
from ordermesh.notify.v1 import notification_pb2 as pb
from ordermesh.notify.v1 import rule_service_pb2 as rules
from tests.support import sinks
from tests.support.notify import fill
from tests.support.sinks import SECRET, http_sink
from tests.support.waiting import until

FILLS_EACH = 20
KILLS = 3


async def send_fills_to(user, process, port):
    """Have an operator and a risk manager set what sends each fill to the receiver."""
    olga = user(process, "olga", roles=("OPERATOR",), accounts=())
    one = destinations.Destination(
        name="a receiver", channel=destinations.CHANNEL_KIND_WEBHOOK,
        address=f"http://localhost:{port}/",
    )  # fmt: skip
    request = destinations.SetDestinationRequest(
        idempotency_key="d", destination=one, secret=SECRET
    )
    made = (await olga.destinations.SetDestination(request, metadata=olga.metadata)).destination
    rita = user(process, "rita", roles=("RISK",), accounts=())
    asked = rules.SetRuleRequest(idempotency_key="r")
    asked.rule.name, asked.rule.firm, asked.rule.messages_per_hour_max = "fills", True, 1_000
    asked.rule.kinds.append(pb.NOTIFICATION_KIND_FILL)
    asked.rule.destination_ids.append(made.destination_id)
    await rita.rules.SetRule(asked, metadata=rita.metadata)
    return olga


def texts(sink):
    """Every notification that arrived, of each message once."""
    bodies = {one.headers["webhook-id"]: one.body for one in sink.got}
    every = [json.loads(body) for body in bodies.values()]
    return [one["text"] for body in every for one in body["notifications"]]


async def test_a_process_killed_while_it_sends_loses_and_doubles_nothing(notify, events, user):
    async with http_sink(None) as sink:
        process = await notify(NOTIFY_TRUSTED_HOSTS="localhost").start()
        await send_fills_to(user, process, sink.port)
        for kill in range(KILLS):
            # The receiver has the message, and the process does not hear so.
            heard, sink.answer = len(sink.got), sinks.hangs
            for number in range(FILLS_EACH):
                await events.write("ACC-ALICE", fill(kill * FILLS_EACH + number))
            await until(lambda n=heard: len(sink.got) > n, "it sends")
            process.kill()
            sink.answer = sinks.answers("204 No Content")
            await process.start()
        await until(lambda: len(texts(sink)) >= KILLS * FILLS_EACH, "all are there")
        found = texts(sink)
        assert len(found) == len(set(found)) == KILLS * FILLS_EACH
        # A message that went out again has its id and its content.
        bodies = {(one.headers["webhook-id"], one.body) for one in sink.got}
        assert len({key for key, _ in bodies}) == len(bodies) < len(sink.got)


async def test_what_fails_is_shown_and_no_secret_is_logged(notify, events, user, tmp_path):
    async with http_sink(None) as sink:
        sink.answer = sinks.answers("500 No")
        process = await notify("one", NOTIFY_TRUSTED_HOSTS="localhost").start()
        olga = await send_fills_to(user, process, sink.port)
        await events.write("ACC-ALICE", fill(1))
        request = destinations.ListDestinationsRequest()

        async def shown():
            answer = await olga.destinations.ListDestinations(request, metadata=olga.metadata)
            (one,) = answer.destinations
            return one

        await until(lambda: sink.got, "it is tried")
        found = await shown()
        while not found.cause:
            found = await shown()
        assert found.state == destinations.DESTINATION_STATE_RETRIES
        assert found.cause == "localhost: HTTP status 500"
        sink.answer = sinks.answers("200 OK")
        await until(lambda: len(sink.got) > 1, "it is tried again", 60)
        while (await shown()).cause:
            pass
        assert (await shown()).state == destinations.DESTINATION_STATE_DELIVERS
        assert SECRET not in str(await shown())
    log = (tmp_path / "one.log").read_text()
    assert "HTTP status 500" in log
    assert SECRET not in log
