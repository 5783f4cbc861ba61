"""The table that strace writes."""

from bench.whole_mesh.wakeups import read_summary

SUMMARY = """\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 61.15    0.301012          51      5902           epoll_pwait
 21.04    0.103569          45      2280       103 futex
  0.00    0.000000           0         1           restart_syscall
------ ----------- ----------- --------- --------- ----------------
100.00    0.492252          44     11118       103 total
"""


def test_calls_are_read_by_name_with_and_without_errors():
    assert read_summary(SUMMARY) == {"epoll_pwait": 5902, "futex": 2280, "restart_syscall": 1}
