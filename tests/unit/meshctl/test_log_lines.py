"""What of a log line reaches a terminal."""

import json

import pytest

from meshctl.stack.processes.log_lines import readable

OURS = {
    "source": "svc_gateway.service.orders.order_session",
    "session_id": "sima-orders",
    "why": "the link to svc_oms: closed",
    "event": "link ended",
    "level": "warning",
    "timestamp": "2026-01-02T03:04:05.678901Z",
    "service": "svc-gateway",
}

LINES = {
    "ours": (
        json.dumps(OURS),
        "03:04:05 WARNING link ended  session_id=sima-orders  why=the link to svc_oms: closed",
    ),
    "the usual level is not named": (
        json.dumps(OURS | {"level": "info", "why": ["a", 1]}),
        '03:04:05 link ended  session_id=sima-orders  why=["a", 1]',
    ),
    "PostgreSQL": (
        "2026-01-02 03:04:05.678 UTC [12] LOG:  database system is ready",
        "03:04:05 database system is ready",
    ),
    "PostgreSQL in trouble": (
        "2026-01-02 03:04:05.678 UTC [12] FATAL:  out of memory",
        "03:04:05 FATAL out of memory",
    ),
    "Redis": ("12:M 02 Jan 2026 03:04:05.678 * Ready to accept", "03:04:05 Ready to accept"),
    "PostgreSQL asked too early by us": (
        "2026-01-02 03:04:05.678 UTC [12] FATAL:  the database system is starting up",
        "",
    ),
    "a traceback": ("  File 'x.py', line 1", "  File 'x.py', line 1"),
    "half a line": ('{"event": "cut', '{"event": "cut'),
}


@pytest.mark.parametrize(("line", "shown"), LINES.values(), ids=LINES.keys())
def test_lines_as_people_read_them(line, shown):
    assert readable(line) == shown


def test_a_long_value_is_cut_on_the_screen_only():
    shown = readable(json.dumps(OURS | {"why": "x" * 5000}))
    assert len(shown) < 400
    assert shown.endswith("...")
