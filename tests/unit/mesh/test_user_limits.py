"""One user cannot take a whole process."""

import pytest

from mesh.auth.tokens import Principal
from mesh.errors import MeshError
from mesh.rpc.user_limits import OpenPerUser


def user(subject: str) -> Principal:
    return Principal(subject, subject, frozenset(), frozenset(), 0, username=subject)


def test_a_user_has_at_most_so_many_open_and_others_are_not_touched():
    limit = OpenPerUser("streams", 2)
    for _ in range(2):
        limit.enter(user("ann"))
    with pytest.raises(MeshError, match="ann has 2 streams open") as refused:
        limit.enter(user("ann"))
    assert refused.value.reason == "OVERLOADED"
    limit.enter(user("bob"))
    limit.leave(user("ann"))
    limit.enter(user("ann"))


def test_callers_without_a_user_are_not_counted():
    limit = OpenPerUser("calls", 1)
    for _ in range(3):
        limit.enter(None)
    limit.leave(None)
    limit.enter(user("ann"))
    with pytest.raises(MeshError, match="ann has 1 calls open"):
        limit.enter(user("ann"))
