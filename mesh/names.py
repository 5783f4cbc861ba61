"""What people are called, where an id alone would tell nobody who it was."""


def called(subject: str, username: str) -> str:
    """Tell who it was: "rita (01JD...)"; the id alone where no other name was kept."""
    return f"{username} ({subject})" if username and username != subject else subject
