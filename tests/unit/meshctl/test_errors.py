"""What the terminal prints when a command cannot be done, for people and as JSON."""

import json

import pytest
import typer
from typer.testing import CliRunner

from meshctl.client import local_mesh
from meshctl.commands import common
from meshctl.main import app
from meshctl.stack.home import Home
from ordermesh_client import MeshRefusedError, MeshUnreachableError, NotLoggedInError

REFUSED = MeshRefusedError(
    "INVALID_ARGUMENT",
    "PRICE_OFF_TICK",
    "1.001 is off the tick",
    {"field": "terms.limit_price", "retry_class": "FIX_INPUT"},
)
CASES = {
    "refused": (
        REFUSED,
        3,
        "PRICE_OFF_TICK",
        [
            "refused PRICE_OFF_TICK: 1.001 is off the tick",
            "  field: terms.limit_price",
            "  change the command",
        ],
    ),
    "a token that is not taken": (
        MeshRefusedError("UNAUTHENTICATED", "UNAUTHENTICATED", "who are you?", {}),
        5,
        "UNAUTHENTICATED",
        ["refused UNAUTHENTICATED: who are you?"],
    ),
    "nobody answers": (
        MeshUnreachableError("the mesh does not answer (connection refused)"),
        4,
        "UNREACHABLE",
        [f"cannot connect: the mesh does not answer (connection refused): {common._HOW_TO_RUN}"],
    ),
    "no login": (
        NotLoggedInError("the login has ended"),
        5,
        "NOT_LOGGED_IN",
        ["not logged in: the login has ended: `ordermesh login alice`"],
    ),
}


class Mesh:
    """A client that is never asked anything."""

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None


@pytest.fixture(autouse=True)
def mesh(monkeypatch):
    monkeypatch.setattr(common, "local_mesh", lambda _, **_more: Mesh())


def run(error=None, code=None) -> int:
    """Run a command that ends so, and return the exit code of the process."""

    async def work(_):
        if error is not None:
            raise error
        return code

    with pytest.raises(typer.Exit) as ended:
        common.run(work)
    return ended.value.exit_code


@pytest.mark.parametrize(("error", "code", "reason", "lines"), CASES.values(), ids=CASES)
def test_people_get_sentences_and_programs_one_object(
    monkeypatch, capsys, error, code, reason, lines
):
    assert run(error) == code
    out, printed = capsys.readouterr()
    assert (out, printed.splitlines()) == ("", lines)
    monkeypatch.setattr(common._Output, "as_json", True)
    assert run(error) == code
    out, printed = capsys.readouterr()
    assert (out, printed.count("\n")) == ("", 1)
    said = json.loads(printed)["error"]
    assert said["reason"] == reason
    assert said["metadata"] == getattr(error, "metadata", {})


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (6, 6)])
def test_a_command_that_is_done_says_how_by_its_exit_code(returned, code):
    assert run(code=returned) == code


def test_ctrl_c_is_no_error():
    assert run(KeyboardInterrupt()) == 0


def test_without_a_mesh_the_folder_is_named(tmp_path):
    with pytest.raises(MeshUnreachableError, match=f"no mesh was ever started in {tmp_path}"):
        local_mesh(Home(tmp_path))


def test_wrong_usage_is_an_object_for_programs(monkeypatch, capsys):
    with pytest.raises(typer.Exit) as ended:
        common.usage_error("give --account")
    assert (ended.value.exit_code, capsys.readouterr().err) == (2, "usage: give --account\n")
    monkeypatch.setattr(common._Output, "as_json", True)
    with pytest.raises(typer.Exit):
        common.usage_error("give --account")
    said = json.loads(capsys.readouterr().err)["error"]
    assert said == {"reason": "USAGE", "message": "give --account", "metadata": {}}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["order", "buy", "--json"], "Missing argument 'symbol'"),
        (["order", "buy", "ASML", "100", "--nosuch", "--json"], "--nosuch"),
        (["order", "buy", "ASML", "-5", "--json"], "a quantity must be positive"),
        (["order", "buy", "ASML", "-1.5k", "--json"], "a quantity must be positive"),
        (["nosuch", "--json"], "nosuch"),
        (["--json", "orders"], "--json"),
        (["kill", "nosuch", "--json"], "nosuch"),
        (["orders", "--most", "many", "--json"], "--most"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_an_object_for_programs(typed, words, monkeypatch):
    monkeypatch.setattr(common._Output, "as_json", False)
    done = CliRunner().invoke(app, typed)
    assert done.exit_code == 2
    said = json.loads(done.stderr)["error"]
    assert said["reason"] == "USAGE"
    assert words in said["message"]


def test_a_command_line_that_cannot_be_read_is_told_to_people_in_words():
    done = CliRunner().invoke(app, ["order", "buy", "ASML", "-5"])
    assert done.exit_code == 2
    assert "a quantity must be positive" in done.stderr
    assert "ordermesh order --help" in done.stderr
