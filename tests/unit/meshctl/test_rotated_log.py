"""A log of the local stack has a bounded size while its process runs."""

from pathlib import Path

from meshctl.stack.processes.rotated_log import RotatedLog

LINE = b"0123456789\n"
BYTES_MAX = 100


def test_a_full_file_is_rotated_while_the_process_runs(tmp_path: Path):
    log = RotatedLog(tmp_path / "oms.log", BYTES_MAX)
    log.begin()
    for number in range(1000):
        log.write(b"%09d\n" % number)
        assert sum(one.stat().st_size for one in tmp_path.iterdir()) <= 2 * (BYTES_MAX + len(LINE))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["oms.log", "oms.log.1"]
    kept = (tmp_path / "oms.log.1").read_text() + (tmp_path / "oms.log").read_text()
    numbers = [int(line) for line in kept.split()]
    assert numbers == list(range(numbers[0], 1000))
    log.close()


def test_the_lines_of_this_start_are_told_apart(tmp_path: Path):
    log = RotatedLog(tmp_path / "oms.log", BYTES_MAX)
    assert log.since_begin() == ""
    log.write(b"before\n")
    log.begin()
    log.write(b"now\n")
    assert log.since_begin() == "now\n"
    for _ in range(20):
        log.write(LINE)
    assert log.since_begin().encode().replace(LINE, b"") == b""
    log.close()
