"""A flood of lines alike is bounded, and the log says how many are missing."""

from mesh.sparse_log import INTERVAL_S, LINES_MAX, SparseLog


def test_a_flood_is_counted_and_a_later_line_says_so():
    time, written = [0.0], []
    log = SparseLog(lambda event, **fields: written.append((event, fields)), lambda: time[0])
    for number in range(LINES_MAX + 500):
        log("parked", number=number)
    assert written == [("parked", {"number": number}) for number in range(LINES_MAX)]
    time[0] += INTERVAL_S
    log("parked", number=1000)
    assert written[-1] == ("parked", {"number": 1000, "lines_left_out_before": 500})
    log("parked", number=1001)
    assert written[-1] == ("parked", {"number": 1001})
