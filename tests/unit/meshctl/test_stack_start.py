"""What a start of the local stack refuses, and how one in the background is waited for."""

import itertools
import json

import pytest
from typer.testing import CliRunner

from meshctl.main import app
from meshctl.stack import commands
from meshctl.stack.home import Home, Ports
from meshctl.stack.processes.ports import PORT_MAX, require_free
from meshctl.stack.processes.process import StartError


@pytest.mark.parametrize("offset", [PORT_MAX, -PORT_MAX])
def test_an_offset_that_moves_a_port_beyond_its_range_is_refused_by_name(offset):
    port = Ports().shifted(offset)["edge_tls"]
    with pytest.raises(StartError, match=rf"out of 1 to 65535: .*edge_tls {port}"):
        require_free(Ports().shifted(offset))


def test_a_home_that_is_a_file_is_refused_in_a_line(tmp_path):
    home = tmp_path / "home"
    home.write_text("no folder")
    done = CliRunner().invoke(app, ["up", "--home", str(home)])
    assert done.exit_code == 3
    assert f"the home folder {home} cannot be made or entered" in " ".join(done.stderr.split())


@pytest.fixture
def background(tmp_path, monkeypatch):
    """Run `up --detach` of a mesh that writes a line each time that it is waited for."""
    home = Home(tmp_path / "home")

    class Child:
        pid = 4711
        returncode = None

        def __init__(self, command, **options):
            assert {"--attached", "--quiet"} <= set(command)
            assert options["start_new_session"]
            Child.made = self

        def poll(self):
            return self.returncode

        def writes(self, line):
            with (home.logs / "supervisor.log").open("a", encoding="utf-8") as log:
                log.write(f"{line}\n")

    def run(then, waits):
        numbers = itertools.count(1)

        def wait(_seconds):
            number = next(numbers)
            Child.made.writes(f"part {number} is ready")
            if number == waits:
                then(Child.made, home)

        monkeypatch.setattr(commands.subprocess, "Popen", Child)
        monkeypatch.setattr(commands.time, "sleep", wait)
        return CliRunner().invoke(app, ["up", "--detach", "--home", str(home.root)])

    return run


def test_a_start_in_the_background_takes_as_long_as_it_needs_and_shows_its_progress(background):
    def welcome(child, home):
        home.state_file.write_text(json.dumps({"supervisor_pid": child.pid, "welcomed": True}))

    # 130 s, if each wait is as long as it says.
    done = background(welcome, waits=1_300)
    assert done.exit_code == 0, done.output
    assert "part 1 is ready\n" in done.output
    assert "part 1300 is ready\n" in done.output


def test_a_start_in_the_background_fails_when_the_start_has_failed(background):
    def end(child, _home):
        child.writes("svc_oms did not become ready")
        child.returncode = 1

    done = background(end, waits=3)
    assert done.exit_code == 3
    assert "svc_oms did not become ready" in done.output
    assert "the mesh did not start" in " ".join(done.stderr.split())
