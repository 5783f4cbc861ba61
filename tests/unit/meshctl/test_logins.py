"""Several logins in one home: one is the current one, each has a file of its own."""

import json
import stat
from dataclasses import asdict

import pytest

from meshctl.session import SessionFile
from meshctl.stack.home import Home
from ordermesh_client import Session


def login(name: str, token: str = "t") -> Session:
    return Session(name, (f"ACC-{name}",), token, 2.0, "r", 3.0)


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path)


def test_the_first_login_is_the_current_one_until_another_is_chosen(home) -> None:
    SessionFile(home).save(login("alice"))
    SessionFile(home, "rita").save(login("rita"))
    assert SessionFile(home).load() == login("alice")
    assert SessionFile(home, "rita").load() == login("rita")
    assert SessionFile(home, "bob").load() is None
    SessionFile(home).choose("rita")
    assert SessionFile(home).load() == login("rita")
    assert SessionFile(home).usernames() == ["alice", "rita"]


def test_new_tokens_of_one_user_change_no_other_login(home) -> None:
    """A command of alice renews her tokens while rita logs in beside it."""
    SessionFile(home).save(login("alice"))
    of_alice = SessionFile(home)
    SessionFile(home).save(login("rita"))
    SessionFile(home).choose("rita")
    of_alice.save(login("alice", "new"))
    assert SessionFile(home).load() == login("rita")
    assert SessionFile(home, "alice").load() == login("alice", "new")


def test_a_logout_ends_one_login(home) -> None:
    for name in ("alice", "rita"):
        SessionFile(home).save(login(name))
    SessionFile(home, "rita").forget()
    assert SessionFile(home).load() == login("alice")
    SessionFile(home).forget()
    assert (SessionFile(home).load(), SessionFile(home).usernames()) == (None, [])
    SessionFile(home).forget()


@pytest.mark.parametrize("name", ["..", "a/b", "Ünal", ".hidden", "current"])
def test_any_user_name_is_a_file_of_its_own(home, name) -> None:
    SessionFile(home).save(login(name))
    assert SessionFile(home, name).load() == login(name)
    assert SessionFile(home).usernames() == [name]
    (file,) = (home.root / "cli" / "logins").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_one_login_of_an_earlier_version_is_taken_over(home) -> None:
    old = home.root / "cli" / "session.json"
    old.parent.mkdir()
    old.write_text(json.dumps(asdict(login("alice"))))
    assert SessionFile(home).load() == login("alice")
    assert SessionFile(home).usernames() == ["alice"]
    assert not old.exists()
