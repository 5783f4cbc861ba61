"""Every stream that drains ends with a status (docs/STREAMS.md, rule 9)."""

import re

import pytest

from tests.support.sources import ROOT

DRAINS = re.compile(r"\blife\.drain\(")
ENDS = re.compile(r"\blife\.end_error\(")
SERVERS = sorted(
    path for path in ROOT.glob("svc_*/**/*.py") if DRAINS.search(path.read_text("utf-8"))
)


@pytest.mark.parametrize("path", SERVERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_drain_is_followed_by_a_status(path) -> None:
    source = path.read_text("utf-8")
    assert len(ENDS.findall(source)) >= len(DRAINS.findall(source))


def test_the_servers_are_found() -> None:
    assert len(SERVERS) >= 5
