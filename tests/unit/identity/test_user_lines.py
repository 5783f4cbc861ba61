"""Users as lines of JSON."""

import json

import pytest

from svc_identity.domain.users import Role
from svc_identity.user_lines import UserLine, read_user_lines

USER = {"username": "f", "password": "a long password", "roles": ["TRADER", "RISK"]}


def test_lines_become_users_and_empty_ones_are_left_out() -> None:
    more = USER | {"display_name": "F", "accounts": ["A"], "prices": ["SIMB=NONE"]}
    roles = frozenset({Role.TRADER, Role.RISK})
    assert read_user_lines([json.dumps(USER), "\n", json.dumps(more)]) == [
        UserLine("f", "a long password", roles, "f", frozenset(), None),
        UserLine("f", "a long password", roles, "F", frozenset({"A"}), frozenset({"SIMB=NONE"})),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("[]", "line 2 should be a JSON object with username, password"),
        ("{", "line 2 should be a JSON object with username, password"),
        ('{"username": "f"}', "line 2 lacks password, roles"),
        (json.dumps(USER | {"password": 7}), "line 2: 'password' should be a text"),
        (json.dumps(USER | {"roles": "TRADER"}), "line 2: 'roles' should be a list of texts"),
        (json.dumps(USER | {"accounts": [7]}), "line 2: 'accounts' should be a list of texts"),
        (json.dumps(USER | {"roles": ["KING"]}), "line 2: the role 'KING' should be one of VIEWER"),
        (json.dumps(USER | {"age": 9}), "line 2: 'age' should be one of the fields username"),
    ],
)
def test_a_wrong_line_is_named_with_its_field(line: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("[", "\\[")) as caught:
        read_user_lines([json.dumps(USER), line])
    assert "a long password" not in str(caught.value)
