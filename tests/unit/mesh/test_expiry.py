"""Certificates and keys that expire: read from their files, shown, warned about once a day."""

import datetime as dt
import json
import os

import pytest
import trustme
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from typer.testing import CliRunner

from kernel.nanoseconds import NS_PER_DAY, NS_PER_S
from mesh.certificates.expiry import (
    Expiring,
    ExpiryWatch,
    made_line,
    of_certificates,
    of_signing_keys,
)
from meshctl.main import app
from meshctl.stack.home import Home
from meshctl.stack.servers.certificates import expiring
from svc_identity.adapters.signing import load_keys, write_new_key
from tests.support.clock import ManualClock

NOW = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)


def ns(time: dt.datetime) -> int:
    return int(time.timestamp()) * NS_PER_S


def certificate(folder, name: str, days: int, more=dt.timedelta()):
    ends = NOW + dt.timedelta(days=days) + more
    leaf = trustme.CA().issue_cert("localhost", not_after=ends)
    file = folder / f"{name}.pem"
    file.write_bytes(b"".join(part.bytes() for part in leaf.cert_chain_pems))
    return file


def test_the_first_certificate_of_a_file_that_expires_counts(tmp_path) -> None:
    file = certificate(tmp_path, "oms", 10)
    (found,) = of_certificates(file)
    assert (found.name, found.days_left(ns(NOW))) == (str(file), 10)
    assert found.words(ns(NOW)) == f"{file} expires in 10 days, on 2026-12-10"
    assert found.words(ns(NOW) + 11 * NS_PER_DAY) == f"{file} has expired on 2026-12-10"


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_what_cannot_be_read_is_left_to_whoever_uses_it(tmp_path, content) -> None:
    file = tmp_path / "x.pem"
    if content is not None:
        file.write_bytes(content)
    assert of_certificates(file) == []
    assert len(of_signing_keys(file, 365)) == (content is not None)


def test_a_signing_key_counts_from_when_it_was_made(tmp_path) -> None:
    file = tmp_path / "1.pem"
    write_new_key(file)
    assert load_keys(file), "the line before the key does not matter"
    file.write_bytes(made_line(NOW) + file.read_bytes().partition(b"\n")[2])
    os.utime(file, (0, 0))
    (found,) = of_signing_keys(tmp_path, 365)
    assert found.expires_ns == ns(NOW) + 365 * NS_PER_DAY
    file.write_bytes(file.read_bytes().partition(b"\n")[2])
    os.utime(file, (1000, 1000))
    (found,) = of_signing_keys(file, 1)
    assert found.expires_ns == 1000 * NS_PER_S + NS_PER_DAY


def test_what_expires_soon_is_a_metric_and_warned_about_once_a_day() -> None:
    clock = ManualClock()
    watch = ExpiryWatch(clock, 30)
    soon = Expiring("soon", clock.now_ns() + 30 * NS_PER_DAY - 1)
    watch.add([soon, Expiring("later", clock.now_ns() + 31 * NS_PER_DAY)])
    for name, one in (("soon", soon),):
        shown = REGISTRY.get_sample_value("ordermesh_expires_timestamp_seconds", {"name": name})
        assert shown == one.expires_ns / NS_PER_S
    with capture_logs() as logged:
        watch.check()
        watch.check()
    assert [(entry["name"], entry["days_left"]) for entry in logged] == [("soon", 29)]
    clock.advance(2 * 86_400)
    with capture_logs() as logged:
        watch.check()
    assert {entry["name"]: entry["days_left"] for entry in logged} == {"soon": 27, "later": 29}


def test_status_names_what_expires_in_this_home(tmp_path) -> None:
    late = certificate(tmp_path, "late", 300)
    soon = certificate(tmp_path, "soon", 29)
    key = tmp_path / "secrets.key"
    key.write_bytes(made_line(NOW - dt.timedelta(days=360)))
    found = [one.name for one in expiring(tmp_path, key, ns(NOW))]
    assert found == [str(soon), f"signing key {key}"]
    assert str(late) not in found


def test_status_says_so_whether_the_mesh_runs_or_not(tmp_path) -> None:
    home = Home(tmp_path)
    home.create()
    left = dt.datetime.now(dt.UTC) + dt.timedelta(days=3, hours=1) - NOW
    file = certificate(home.tls, "oms", 0, left)
    done = CliRunner().invoke(app, ["status", "--home", str(tmp_path)])
    assert done.exit_code == 4
    assert f"{file} expires in 3 days" in done.stdout
    done = CliRunner().invoke(app, ["status", "--json", "--home", str(tmp_path)])
    (said,) = json.loads(done.stdout)["expires_soon"]
    assert said.startswith(f"{file} expires in 3 days")
