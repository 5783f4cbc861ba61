"""Names of persons, shown with their ids."""


def called(subject: str, username: str) -> str:
    """Return "rita (01JD...)"; only the id if no other name was recorded."""
    return f"{username} ({subject})" if username and username != subject else subject
