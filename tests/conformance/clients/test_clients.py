"""Every client of the tree passes every case of the client conformance kit."""

import asyncio

import pytest

from client_kit.clients import ROOT, Client, listed
from client_kit.made_cases import every_case
from client_kit.report import page_table, table
from client_kit.run import Outcome, play

# Their drivers are compiled; reading Python and TypeScript takes no compiler.
COMPILED = {"go", "rust", "java"}
CASES = every_case()


def parameter(client: Client):
    marks = [pytest.mark.timeout(900)]
    if client.name in COMPILED:
        marks.append(pytest.mark.long)
    return pytest.param(client, id=client.name, marks=marks)


@pytest.mark.parametrize("client", [parameter(client) for client in listed()])
def test_a_client_passes_every_case(client, tls_folder):
    if client.missing:
        pytest.skip(f"{client.name} is left out: {client.missing}")
    client.make()
    outcomes = asyncio.run(play(client.driver, ROOT / client.folder, CASES, tls_folder))
    failed = {one.case: one.differences for one in outcomes if one.differences}
    assert failed == {}
    assert [one.case for one in outcomes] == [case.name for case in CASES]


def test_the_page_has_every_case_and_client():
    passed = [Outcome(case.name, [], []) for case in CASES]
    fresh = table(CASES, {client.name: passed for client in listed()})
    assert page_table() == fresh, "run python -m client_kit --write"
