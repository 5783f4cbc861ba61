"""Every client of the tree passes every case of the client conformance kit."""

import asyncio
from pathlib import Path

import pytest

from client_kit.case import Case
from client_kit.clients import ROOT, Client, listed
from client_kit.made_cases import every_case
from client_kit.report import page_table, table
from client_kit.run import Outcome, play

# The client whose cases all run in `make test`; the other clients have the core cases there.
QUICK = "python"
# Their drivers are compiled; reading Python and TypeScript takes no compiler.
COMPILED = {"go", "rust", "java"}
CASES = every_case()
# One case of each rule: an exact request, errors, repetition, tokens, streams, prices.
CORE = {
    "place_exact",
    "bad_credentials",
    "refused_fields",
    "keys_of_commands",
    "lost_answers",
    "unknown_reason",
    "pages",
    "refused_token",
    "login_ended",
    "batches",
    "drain",
    "resync",
    "hole",
    "prices",
}


def parameter(client: Client, *, long: bool):
    marks = [pytest.mark.timeout(900)]
    if long:
        marks.append(pytest.mark.long)
    return pytest.param(client, id=client.name, marks=marks)


def check_cases(client: Client, cases: list[Case], tls_folder: Path) -> None:
    """Play cases with a client; each must pass."""
    if client.missing:
        pytest.skip(f"{client.name} is left out: {client.missing}")
    client.make()
    outcomes = asyncio.run(play(client.driver, ROOT / client.folder, cases, tls_folder))
    failed = {one.case: one.differences for one in outcomes if one.differences}
    assert failed == {}
    assert [one.case for one in outcomes] == [case.name for case in cases]


@pytest.mark.parametrize(
    "client", [parameter(client, long=client.name != QUICK) for client in listed()]
)
def test_a_client_passes_every_case(client, tls_folder):
    check_cases(client, CASES, tls_folder)


@pytest.mark.parametrize(
    "client",
    [parameter(one, long=False) for one in listed() if one.name not in {QUICK, *COMPILED}],
)
def test_a_client_passes_the_core_cases(client, tls_folder):
    cases = [case for case in CASES if case.name in CORE]
    assert len(cases) == len(CORE)
    check_cases(client, cases, tls_folder)


def test_the_page_has_every_case_and_client():
    passed = [Outcome(case.name, [], []) for case in CASES]
    fresh = table(CASES, {client.name: passed for client in listed()})
    assert page_table() == fresh, "run python -m client_kit --write"
