"""The question of docs/ARCHIVE.md over the files of an archive: orders per venue, last week."""

import datetime as dt
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.support.archive import FIRST_US
from tests.support.archived_records import Log
from tests.support.archiving import made_archive

PAGE = Path(__file__).parents[3] / "docs" / "ARCHIVE.md"
FIRST = dt.datetime.fromtimestamp(FIRST_US / 1e6, dt.UTC).date()


def test_the_line_of_the_page_counts_the_orders_of_last_week(tmp_path):
    today = dt.datetime.now(dt.UTC).date()
    monday = today - dt.timedelta(days=today.weekday())
    log = Log()
    # Every third event of an account accepts an order, beginning with its first.
    for begin, events in ((monday - dt.timedelta(days=9), 3), (monday - dt.timedelta(days=5), 6)):
        for _ in range(events):
            log.write("ACC-1", day=(begin - FIRST).days)
    made_archive(tmp_path / "a", log)
    (line,) = re.findall(r"^python -c .*duckdb.*$", PAGE.read_text("utf-8"), re.MULTILINE)
    line = line.replace(".ordermesh/data/event-archive", str(tmp_path / "a"))
    line = line.replace("python ", f"{shlex.quote(sys.executable)} ", 1)
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.findall(r"│ *(SIMA) *│ *(\d+) *│", done.stdout) == [("SIMA", "2")], done.stdout
