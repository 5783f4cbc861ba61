"""The access log of a running edge turns when it is full."""

from meshctl.stack.upkeep import turn_access_log
from tests.support.waiting import wait_for


def test_a_full_access_log_turns_and_envoy_goes_on_in_a_new_one(edge):
    log = edge.log.with_name("access.log")
    old = log.with_name("access.log.1")

    def written(path) -> bool:
        return path.exists() and b"/nowhere" in path.read_bytes()

    for _ in range(2):
        edge.get("/nowhere")
        wait_for(lambda: written(log), "the access log has the request")
        assert not turn_access_log(log, edge.pid, bytes_max=1_000_000)
        assert turn_access_log(log, edge.pid, bytes_max=10)
        assert written(old)
        wait_for(log.exists, "Envoy opened a new file")
    assert not turn_access_log(log.with_name("none"), None)
