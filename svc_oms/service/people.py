"""Who acts: the id that identifies them, and the name people know them by."""

from typing import NamedTuple

from mesh.auth import Principal


class Person(NamedTuple):
    """Who does something. Both are kept with the act: names change, and are not looked up."""

    subject: str
    username: str = ""


def person_of(principal: Principal) -> Person:
    """Return the person behind a call."""
    return Person(principal.subject, principal.username)


def called(subject: str, username: str) -> str:
    """Tell who it was: "rita (01JD...)"; the id alone where no other name was kept."""
    return f"{username} ({subject})" if username and username != subject else subject
