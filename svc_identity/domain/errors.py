"""Why a caller is refused. The texts are safe to show: none reveals which users exist."""

from svc_identity.domain.sessions import EndCause


class Refused(Exception):  # noqa: N818  a refusal is an answer, not a fault
    """A caller is refused."""


class BadCredentialsError(Refused):
    """Wrong password, unknown user or disabled user; the text does not say which."""

    def __init__(self) -> None:
        super().__init__("user name or password is wrong")


class LoginThrottledError(Refused):
    """Too many failed logins with this name or from this address."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"too many failed logins; try again in {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class SessionEndedError(Refused):
    """The refresh token is not valid: unknown, used, expired or of an ended session."""

    def __init__(self, cause: EndCause | None = None, session_id: str = "") -> None:
        super().__init__("the session has ended; log in again")
        self.cause = cause
        self.session_id = session_id


class BusyError(Refused):
    """The limit of passwords that are checked or wait for a check is reached."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("too many logins at once; try again shortly")
        self.retry_after_s = retry_after_s


class StaleSettingError(Refused):
    """A setting has another revision than the caller has seen."""

    def __init__(self, expected: int, present: int) -> None:
        now = f"its revision is {present}" if present else "there is no such setting"
        super().__init__(f"expected_revision was {expected}; {now}: read it, and change it again")
        self.expected = expected
        self.present = present


class SettingsFullError(Refused):
    """A user has as many settings, or as many bytes of them, as are allowed."""

    def __init__(self, text: str, limit: int) -> None:
        super().__init__(f"{text}; remove one first")
        self.limit = limit


class SettingMissingError(Refused):
    """There is no setting of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"name was {name!r}: you have no such setting; see ListUserSettings")
        self.name = name


class SettingNameTakenError(Refused):
    """Another setting of the kind has the name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"new_name was {name!r}: you have a setting of this name; choose another")
        self.name = name


class TooManyChangesError(Refused):
    """A user changed settings too often."""

    def __init__(self, limit: int, within_s: int, retry_after_s: float) -> None:
        super().__init__(f"you changed settings {limit} times within {within_s} s, the limit")
        self.limit = limit
        self.retry_after_s = retry_after_s


class InvalidUserError(ValueError):
    """The user breaks a rule. The text is for the administrator, not for callers."""
