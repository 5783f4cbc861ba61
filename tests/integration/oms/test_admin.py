"""The administration commands, as a person runs them."""

import subprocess

import asyncpg

from mesh.settings import child_environment
from ordermesh.oms.v1 import audit_service_pb2
from tests.support.forked import run_forked


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
