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


class InvalidUserError(ValueError):
    """The user breaks a rule. The text is for the administrator, not for callers."""
