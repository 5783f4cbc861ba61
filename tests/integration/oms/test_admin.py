"""The administration commands, as a person runs them."""

import json
import subprocess

import asyncpg

from mesh.settings import child_environment
from ordermesh.oms.v1 import audit_service_pb2
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.service.ports.recovery_ports import CheckName
from tests.support.forked import run_forked
from tests.support.postgres import as_service


def admin(book_url: str, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = child_environment({"ORDERMESH_DATABASE_URL": book_url, **settings})
    return run_forked("svc_oms.admin", words, environment)


async def rows(book_url: str, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(book_url)
    found = await connection.fetch(statement)
    await connection.close()
    return found


async def test_a_default_for_disconnects_is_set_taken_away_and_recorded(book_url):
    account = ("--account", "ACC-ALICE", "--by", "rita")
    assert admin(book_url, "disconnect-default", *account, "--grace-s", "10").returncode == 0
    read = "SELECT disconnect_grace_s FROM oms.accounts WHERE account_id = 'ACC-ALICE'"
    assert (await rows(book_url, read))[0][0] == 10
    assert admin(book_url, "disconnect-default", *account).returncode == 0
    assert (await rows(book_url, read))[0][0] is None
    assert admin(book_url, "disconnect-default", *account, "--grace-s", "301").returncode == 2
    nobody = admin(book_url, "disconnect-default", "--account", "ACC-NONE", "--by", "rita")
    assert nobody.returncode == 2
    entries = [
        audit_service_pb2.AuditEntry.FromString(row["payload"])
        for row in await rows(book_url, "SELECT payload FROM oms.audit_log ORDER BY sequence")
    ]
    assert [(e.actor, e.account_id, e.kind) for e in entries] == [
        ("rita", "ACC-ALICE", audit_service_pb2.AUDIT_KIND_ACTION)
    ] * 2
    assert "10 s" in entries[0].text
    assert "off" in entries[1].text


async def test_verify_reports_a_broken_chain(book_url):
    admin(book_url, "disconnect-default", "--account", "ACC-ALICE", "--by", "rita")
    clean = admin(book_url, "verify")
    assert (clean.returncode, "1 audit entries chained" in clean.stdout) == (0, True)
    await rows(book_url, "ALTER TABLE oms.audit_log DISABLE TRIGGER USER")
    await rows(book_url, "UPDATE oms.audit_log SET actor = 'nobody'")
    broken = admin(book_url, "verify")
    assert broken.returncode == 1
    assert "audit_chain: admin/1: a column differs from the entry" in broken.stdout


async def test_the_result_of_a_whole_verification_is_kept_for_metrics_and_told_as_json(book_url):
    read = "SELECT name, differences, finished_at_us FROM oms.check_results"
    for part in (("--account", "ACC-ALICE"), ("--since", "2026-01-01")):
        assert admin(book_url, "verify", *part).returncode == 0
        assert await rows(book_url, read) == []
    # The service's own role may do it.
    done = admin(as_service(book_url), "verify", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["check"], report["differences"]) == (0, "verify", 0)
    assert (report["found"], report["not_compared"]) == ([], [])
    assert report["compared"]["accounts"] == 2
    (first,) = await rows(book_url, read)
    assert (first["name"], first["differences"]) == ("verify", 0)
    admin(book_url, "disconnect-default", "--account", "ACC-ALICE", "--by", "rita")
    await rows(book_url, "ALTER TABLE oms.audit_log DISABLE TRIGGER USER")
    await rows(book_url, "UPDATE oms.audit_log SET actor = 'nobody'")
    broken = admin(book_url, "verify", "--json")
    report = json.loads(broken.stdout)
    assert (broken.returncode, report["differences"]) == (1, 1)
    assert report["found"] == [
        {
            "invariant": "audit_chain",
            "subject": "admin/1",
            "text": "a column differs from the entry",
        }
    ]
    (second,) = await rows(book_url, read)
    assert second["differences"] == 1
    assert second["finished_at_us"] > first["finished_at_us"]
    # A newer release compares more.
    await rows(book_url, "INSERT INTO oms.check_results VALUES ('another', 1, 0)")
    store = await PostgresStore.connect(as_service(book_url))
    view = await store.recoveries().look()
    await store.close()
    assert [tuple(one) for one in view.checks] == [(CheckName.VERIFY, second["finished_at_us"], 1)]


async def test_a_result_that_may_not_be_kept_changes_no_report(book_url):
    reader = as_service(book_url)
    await rows(book_url, "REVOKE INSERT, UPDATE ON oms.check_results FROM ordermesh_oms")
    done = admin(reader, "verify")
    assert done.returncode == 0
    assert "no difference" in done.stdout
    assert "the result is not kept for metrics: permission denied" in done.stderr


async def test_the_desk_of_an_account_is_firm_and_desk(book_url):
    read = "SELECT firm_id, desk_id FROM oms.accounts WHERE account_id = 'ACC-NEW'"
    words = ("ensure-account", "--account", "ACC-NEW", "--name", "New", "--firm", "OTHER")
    for desk in ("OTHER/CASH", "CASH"):
        assert admin(book_url, *words, "--desk", desk).returncode == 0
        assert [tuple(row) for row in await rows(book_url, read)] == [("OTHER", "CASH")]
    for desk in ("DEMO/CASH", "OTHER/", "/CASH", "A/B/C"):
        refused = admin(book_url, *words, "--desk", desk)
        assert refused.returncode == 2
        assert f"--desk is '{desk}'; it should be OTHER/DESK" in " ".join(refused.stderr.split())
