"""Webhooks to a real HTTP server that fails, hangs, redirects, sends too much, and comes back."""

import asyncio
import base64
import hashlib
import hmac
import json
import socket

import pytest

from svc_notify.adapters.channels import http_post
from svc_notify.adapters.channels.http_post import HttpPost
from svc_notify.adapters.channels.reach import tls_context
from svc_notify.adapters.channels.slack import Slack
from svc_notify.adapters.channels.webhook import Webhook
from svc_notify.domain.notification import Kind
from svc_notify.domain.outbox import Dead, Delivered, RetryAfter
from tests.support import sinks
from tests.support.clock import ManualClock
from tests.support.sinks import SECRET, Authority, http_sink, message, notification

HOST = "receiver.example.com"
TRUSTED = frozenset({"localhost"})


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def sink(authority):
    async with http_sink(authority.server()) as running:
        yield running


@pytest.fixture
def webhook(authority):
    return Webhook(HttpPost(tls_context(authority.file), TRUSTED), ManualClock())


def url(sink, host="localhost"):
    return f"https://{host}:{sink.port}/hooks/a?b=c"


async def test_a_receiver_can_check_who_sent_what_and_when(sink, webhook):
    shown = [notification(1, "bought 5"), notification(2, "no such order", kind=Kind.REJECT)]
    sent = message(url(sink), 1, *shown, counts={Kind.FILL: 9_999, Kind.REJECT: 1})
    assert await webhook.deliver(sent) == Delivered()
    (got,) = sink.got
    assert got.line == "POST /hooks/a?b=c HTTP/1.1"
    assert got.headers["host"] == f"localhost:{sink.port}"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["webhook-id"] == sent.message_id
    signed = f"{sent.message_id}.{got.headers['webhook-timestamp']}.".encode() + got.body
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    assert got.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    body = json.loads(got.body)
    assert (body["message_id"], body["rule"], body["total"]) == (
        sent.message_id,
        "my fills",
        10_000,
    )
    assert body["counts"] == {"FILL": 9_999, "REJECT": 1}
    assert [one["text"] for one in body["notifications"]] == ["bought 5", "no such order"]
    assert body["notifications"][0] == {
        "notification_id": "N1",
        "sequence": 1,
        "kind": "FILL",
        "severity": "INFO",
        "occurred_at": "2026-05-28 20:26:40Z",
        "text": "bought 5",
        "account_id": "ACC-ALICE",
    }


async def test_every_attempt_has_the_same_id_and_content_and_its_own_time(sink, webhook):
    sink.answer = sinks.answers("500 Internal Server Error")
    assert await webhook.deliver(message(url(sink))) == RetryAfter("localhost: HTTP status 500")
    webhook._clock.advance(5)
    sink.answer = sinks.answers("200 OK")
    assert await webhook.deliver(message(url(sink))) == Delivered()
    first, second = sink.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    times = [int(one.headers["webhook-timestamp"]) for one in sink.got]
    assert times[1] - times[0] == 5


@pytest.mark.parametrize(
    ("head", "outcome"),
    [
        ("200 OK", Delivered()),
        ("202 Accepted", Delivered()),
        ("500 No", RetryAfter("localhost: HTTP status 500")),
        ("503 No\r\nretry-after: 120", RetryAfter("localhost: HTTP status 503", 120.0)),
        ("429 No\r\nretry-after: 7", RetryAfter("localhost: HTTP status 429", 7.0)),
        ("503 No\r\nretry-after: Thu, 01 Jan 1970 00:00:00 GMT",
         RetryAfter("localhost: HTTP status 503", 0.0)),
        ("503 No\r\nretry-after: soon", RetryAfter("localhost: HTTP status 503")),
        ("408 No", RetryAfter("localhost: HTTP status 408")),
        ("401 No", Dead("localhost: HTTP status 401")),
        ("404 No", Dead("localhost: HTTP status 404")),
        ("410 Gone", Dead("localhost: HTTP status 410")),
        ("302 Found\r\nlocation: https://localhost/other",
         Dead("localhost: HTTP status 302: redirects are not followed")),
        ("307 No\r\nlocation: http://169.254.169.254/latest/meta-data",
         Dead("localhost: HTTP status 307: redirects are not followed")),
    ],
)  # fmt: skip
async def test_the_status_decides_and_no_redirect_is_followed(sink, webhook, head, outcome):
    sink.answer = sinks.answers(head)
    assert await webhook.deliver(message(url(sink))) == outcome
    assert sink.connections == 1


async def test_of_a_gigabyte_in_the_answer_next_to_nothing_is_read(sink, webhook):
    sent = []
    sink.answer = sinks.endless(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n", sent)
    assert await webhook.deliver(message(url(sink))) == Delivered()
    await sink.end()
    assert sent[0] < 8 << 20, "what the buffers of the sockets take"


@pytest.mark.parametrize(
    "begin", [b"HTTP/1.1 200 OK\r\nx: ", b"", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000]
)
async def test_endless_headers_are_no_answer(sink, webhook, begin):
    sink.answer = sinks.endless(begin, [])
    outcome = await webhook.deliver(message(url(sink)))
    assert outcome == RetryAfter(
        "localhost: the answer is no HTTP, or its headers have more than 64 KiB"
    )


@pytest.mark.parametrize("data", [b"220 mail.example.com ESMTP\r\n", b"\0" * 100])
async def test_what_is_no_http_is_no_answer(sink, webhook, data):
    sink.answer = sinks.says(data)
    outcome = await webhook.deliver(message(url(sink)))
    assert outcome.cause.startswith("localhost: the answer is no HTTP")


async def test_a_receiver_that_hangs_is_given_up_and_reached_when_it_is_back(
    sink, webhook, monkeypatch
):
    monkeypatch.setattr(http_post, "ATTEMPT_MAX_S", 0.2)
    sink.answer = sinks.hangs
    assert await webhook.deliver(message(url(sink))) == RetryAfter(
        "localhost: no answer within 0 s"
    )
    sink.answer = sinks.breaks
    outcome = await webhook.deliver(message(url(sink)))
    assert isinstance(outcome, RetryAfter)
    sink.answer = sinks.answers("204 No Content")
    assert await webhook.deliver(message(url(sink))) == Delivered()


async def test_a_receiver_that_is_away_is_named(webhook):
    async with http_sink(None) as gone:
        pass
    outcome = await webhook.deliver(message(url(gone)))
    assert isinstance(outcome, RetryAfter)
    assert outcome.cause.startswith(f"localhost: no connection to 127.0.0.1 port {gone.port}: ")


async def test_a_certificate_of_another_name_or_authority_is_refused(authority, webhook, tmp_path):
    async with http_sink(Authority(tmp_path).server()) as stranger:
        outcome = await webhook.deliver(message(url(stranger)))
    assert outcome == RetryAfter("localhost: TLS failed: unable to get local issuer certificate")
    async with http_sink(authority.server("other.example.com")) as other:
        outcome = await webhook.deliver(message(url(other)))
    assert "localhost: TLS failed: Hostname mismatch" in outcome.cause
    async with http_sink(None) as plain:
        outcome = await webhook.deliver(message(url(plain)))
    assert outcome.cause.startswith("localhost: ")
    assert (stranger.got, other.got, plain.got) == ([], [], [])


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "100.64.0.1", "0.0.0.0",  # noqa: S104
     "224.0.0.1", "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
     "2002:7f00:1::"],
)  # fmt: skip
async def test_a_name_that_leads_to_a_private_address_is_not_connected_to(
    sink, authority, monkeypatch, address
):
    """As a name does whose owner changes it after it was checked once (DNS rebinding)."""
    names, asked = {HOST: ["93.184.215.14", address]}, []
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolving(names, asked))
    webhook = Webhook(HttpPost(tls_context(authority.file), TRUSTED), ManualClock())
    outcome = await webhook.deliver(message(url(sink, HOST)))
    assert outcome == RetryAfter(f"{HOST}: its address {address} is not public")
    assert (sink.connections, asked) == (0, [HOST])


def resolving(names, asked):
    async def getaddrinfo(host, port, **_):
        asked.append(host)
        if host not in names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in names[host]]

    return getaddrinfo


async def test_a_name_is_looked_up_once_and_its_certificate_is_checked_by_name(
    authority, monkeypatch
):
    names, asked = {HOST: ["127.0.0.1"]}, []
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolving(names, asked))
    webhook = Webhook(HttpPost(tls_context(authority.file), frozenset({HOST})), ManualClock())
    async with http_sink(authority.server(HOST)) as sink:
        assert await webhook.deliver(message(url(sink, HOST))) == Delivered()
    assert asked == [HOST]
    unknown = await webhook.deliver(message("https://nobody.example.com/"))
    assert unknown == RetryAfter("nobody.example.com: no such host")


async def test_without_tls_only_to_hosts_that_are_trusted(webhook):
    async with http_sink(None) as sink:
        here = f"http://localhost:{sink.port}/"
        assert await webhook.deliver(message(here)) == Delivered()
        there = f"http://127.0.0.1:{sink.port}/"
        assert await webhook.deliver(message(there)) == Dead("the address should be an https URL")
        assert sink.connections == 1


async def test_slack_gets_text_and_no_cause_names_its_address(sink, authority):
    slack = Slack(HttpPost(tls_context(authority.file), TRUSTED))
    shown = [notification(n, f"<b>fill {n}</b> & more") for n in range(100)]
    sent = message(url(sink), 3, *shown, counts={Kind.FILL: 10_000})
    assert await slack.deliver(sent) == Delivered()
    text = json.loads(sink.got[0].body)["text"]
    lines = text.split("\n")
    assert lines[0] == "10000 notifications: 10000 fills"
    assert lines[1] == "2026-05-28 20:26:40Z INFO &lt;b&gt;fill 0&lt;/b&gt; &amp; more"
    assert len(text) < 4_500
    assert lines[-1] == f"and {10_000 - (len(lines) - 2)} more"
    assert "webhook-signature" not in sink.got[0].headers
    for answer in (sinks.answers("500 No"), sinks.answers("404 No"), sinks.breaks):
        sink.answer = answer
        assert "hooks" not in (await slack.deliver(sent)).cause
