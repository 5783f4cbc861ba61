"""Log lines: what a line costs when nobody reads it any more."""

import subprocess
import sys

from mesh.log import configure, get_logger

WRITES_INTO_A_BROKEN_PIPE = """
import os, sys
reader, writer = os.pipe()
os.dup2(writer, 2)
os.close(reader)
from mesh.log import configure, get_logger
configure("test")
for _ in range(300):  # more than any buffer holds
    get_logger("test").warning("into the void", why="the reader is gone " * 10)
print("the work went on")
sys.stdout.flush()
os._exit(0)
"""


def test_a_line_nobody_reads_does_not_fail_the_work():
    """As in a process whose supervisor was killed."""
    done = subprocess.run(
        [sys.executable, "-c", WRITES_INTO_A_BROKEN_PIPE],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "the work went on\n"


def test_a_closed_standard_error_does_not_fail_the_work(monkeypatch, tmp_path):
    stream = (tmp_path / "err").open("w")
    stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    configure("test")
    get_logger("test").error("nowhere to go")
    assert stream.closed


def test_an_exception_is_reported_without_what_its_frames_held(capsys):
    def log_in(password):  # noqa: ARG001 - what must not be logged
        raise ValueError("no such user")

    configure("test")
    try:
        log_in("hunter2-hunter2")
    except ValueError:
        get_logger("test").exception("login failed")
    output = capsys.readouterr().err
    assert "no such user" in output
    assert "hunter2-hunter2" not in output
