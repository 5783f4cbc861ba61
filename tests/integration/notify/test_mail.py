"""E-mail to a real mail server: with TLS, without, that refuses, hangs, and comes back."""

from email import message_from_bytes, policy

import pytest

from svc_notify.adapters.channels import mail
from svc_notify.adapters.channels.mail import Email, MailServer
from svc_notify.adapters.channels.reach import tls_context
from svc_notify.domain.notification import Kind
from svc_notify.domain.outbox import Dead, Delivered, RetryAfter
from tests.support.sinks import Authority, mail_sink, message, notification

TO = "desk@example.com"
PASSWORD = "a password of a test"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def tls(authority):
    return tls_context(authority.file)


def server(sink, **changes):
    given = MailServer("localhost", sink.port, False, "", "", "ordermesh@example.org")
    return given._replace(**changes)


@pytest.mark.parametrize("implicit", [False, True])
async def test_a_digest_of_ten_thousand_fills_is_one_mail(authority, tls, implicit):
    shown = [notification(n, f"fill {n}") for n in range(100)]
    sent = message(TO, 2, *shown, counts={Kind.FILL: 10_000})
    async with mail_sink(authority.server(), implicit=implicit) as sink:
        assert await Email(server(sink, implicit_tls=implicit), tls).deliver(sent) == Delivered()
    (got,) = sink.got
    assert (got.mail_from, got.rcpt_tos) == ("ordermesh@example.org", [TO])
    found = message_from_bytes(got.content, policy=policy.default)
    assert found["subject"] == "[Ordermesh] 10000 notifications: 10000 fills"
    assert (found["from"], found["to"]) == ("ordermesh@example.org", TO)
    assert found["message-id"] == f"<{sent.message_id}@example.org>"
    assert found["auto-submitted"] == "auto-generated"
    lines = found.get_content().splitlines()
    assert lines[:2] == ["Rule: my fills", "Notifications: 10000 (10000 fills)"]
    assert lines[3] == "2026-05-28 20:26:40Z INFO fill 0"
    assert lines[-1] == "and 9900 more"


async def test_a_text_cannot_add_headers_or_lines(authority, tls):
    text = "sold\r\nBcc: all@example.com\r\n\r\n.\r\nMAIL FROM:<x@example.com> \u2028ü"
    sent = message(TO, 2, notification(1, text), rule_name="a\r\nBcc: b@example.com")
    async with mail_sink(authority.server()) as sink:
        assert await Email(server(sink), tls).deliver(sent) == Delivered()
    (got,) = sink.got
    found = message_from_bytes(got.content, policy=policy.default)
    assert found["bcc"] is None
    words = found["subject"].split()
    assert words == [
        "[Ordermesh]",
        "sold",
        "Bcc:",
        "all@example.com",
        ".",
        "MAIL",
        "FROM:<x@example.com>",
        "ü",
    ]
    assert got.rcpt_tos == [TO]


async def test_a_server_without_tls_gets_nothing(tls):
    async with mail_sink(None) as sink:
        outcome = await Email(server(sink, user="us", password=PASSWORD), tls).deliver(
            message(TO, 2)
        )
    assert outcome == RetryAfter("localhost: it offers no TLS, so nothing is sent to it")
    assert sink.got == []


async def test_without_a_server_the_cause_says_what_to_set(tls):
    outcome = await Email(None, tls).deliver(message(TO, 2))
    assert outcome == RetryAfter("there is no mail server: set ORDERMESH_NOTIFY_SMTP_HOST")


async def test_login_is_right_or_refused_and_never_shown(authority, tls):
    async with mail_sink(authority.server(), password=PASSWORD) as sink:
        right = server(sink, user="us", password=PASSWORD)
        assert await Email(right, tls).deliver(message(TO, 2)) == Delivered()
        wrong = right._replace(password="another password")
        outcome = await Email(wrong, tls).deliver(message(TO, 2))
        assert outcome == RetryAfter("localhost: it refuses user or password, SMTP code 535")
        nobody = right._replace(user="", password="")
        outcome = await Email(nobody, tls).deliver(message(TO, 2))
        assert outcome == RetryAfter("localhost: it refuses the sender, SMTP code 530")


@pytest.mark.parametrize(
    ("recipient", "text", "outcome"),
    [
        ("550 no such user", "250 OK",
         Dead("localhost: it refuses the recipient, SMTP code 550")),
        ("450 busy", "250 OK", RetryAfter("localhost: it refuses the recipient, SMTP code 450")),
        ("250 OK", "552 too much", Dead("localhost: it refuses the message, SMTP code 552")),
        ("250 OK", "451 later", RetryAfter("localhost: it refuses the message, SMTP code 451")),
    ],
)  # fmt: skip
async def test_the_code_decides_whether_it_is_sent_again(authority, tls, recipient, text, outcome):
    async with mail_sink(authority.server()) as sink:
        sink.recipient_answer, sink.message_answer = recipient, text
        email = Email(server(sink), tls)
        assert await email.deliver(message(TO, 2)) == outcome
        sink.recipient_answer = sink.message_answer = "250 OK"
        assert await email.deliver(message(TO, 2)) == Delivered()


async def test_a_certificate_of_a_stranger_is_refused(tls, tmp_path):
    for implicit in (False, True):
        async with mail_sink(Authority(tmp_path).server(), implicit=implicit) as sink:
            outcome = await Email(server(sink, implicit_tls=implicit), tls).deliver(message(TO, 2))
        assert outcome == RetryAfter(
            "localhost: TLS failed: unable to get local issuer certificate"
        )


async def test_a_server_that_hangs_is_given_up_and_reached_when_it_is_back(
    authority, tls, monkeypatch
):
    monkeypatch.setattr(mail, "ATTEMPT_MAX_S", 0.5)
    async with mail_sink(authority.server()) as sink:
        email = Email(server(sink), tls)
        sink.hangs = True
        outcome = await email.deliver(message(TO, 2))
        assert outcome == RetryAfter("localhost: no answer within 0 s")
        sink.hangs = False
        assert await email.deliver(message(TO, 2)) == Delivered()
    outcome = await email.deliver(message(TO, 2))
    assert outcome == RetryAfter("localhost: no connection, or it broke")
