"""What a start of the local stack refuses before any process runs."""

import pytest
from typer.testing import CliRunner

from meshctl.main import app
from meshctl.stack.home import Ports
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
