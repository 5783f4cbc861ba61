"""Messages in words."""

import pytest

from svc_notify.domain.notification import Kind, Severity
from svc_notify.domain.wording import NAMES, SUBJECT_CHARACTERS_MAX, lines, subject, summary
from tests.support.sinks import message, notification

TO = "desk@example.com"


def test_every_kind_has_words():
    assert NAMES.keys() == set(Kind)


def test_one_notification_is_its_own_subject_and_several_are_counted():
    assert subject(message(TO, 2, notification(1, "sold 5"))) == "sold 5"
    counts = {Kind.REJECT: 1, Kind.FILL: 2}
    several = message(TO, 2, notification(1), notification(2), counts=counts)
    assert subject(several) == "3 notifications: 2 fills, 1 reject"
    assert summary(several) == "2 fills, 1 reject"


def test_what_is_no_longer_kept_is_counted_all_the_same():
    gone = message(TO, 2)._replace(notifications=(), counts={Kind.FILL: 1})
    assert subject(gone) == "1 notifications: 1 fill"
    assert lines(gone, 1_000) == ["and 1 more"]


@pytest.mark.parametrize("text", ["a\r\nBcc: b", "a\nBcc: b", "a\u2028Bcc:\x00 b", "  a\tBcc: b "])
def test_a_text_is_one_line(text):
    one = message(TO, 2, notification(1, text, severity=Severity.WARNING))
    assert subject(one) == "a Bcc: b"
    assert lines(one, 1_000) == ["2026-05-28 20:26:40Z WARNING a Bcc: b"]


def test_a_long_text_is_shortened_in_the_subject_only():
    one = message(TO, 2, notification(1, "x" * 500))
    assert len(subject(one)) == SUBJECT_CHARACTERS_MAX
    assert subject(one).endswith("…")
    assert lines(one, 1_000)[0].endswith("x" * 500)


@pytest.mark.parametrize(("characters", "shown"), [(0, 0), (33, 0), (34, 1), (67, 1), (68, 2)])
def test_lines_stay_within_their_bound_and_the_rest_is_counted(characters, shown):
    every = [notification(n, "1234567") for n in range(1, 4)]
    found = lines(message(TO, 2, *every), characters)
    assert found == ["2026-05-28 20:26:40Z INFO 1234567"] * shown + [f"and {3 - shown} more"]
    assert sum(len(line) + 1 for line in found[:-1]) <= characters or not shown
