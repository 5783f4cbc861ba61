"""Why a caller is turned away. The texts are safe to show: none tells what exists."""

from svc_identity.domain.sessions import EndCause


class Refused(Exception):  # noqa: N818  a refusal is an answer, not a fault
    """A caller is turned away."""


class BadCredentialsError(Refused):
    """Wrong password, no such user, or a disabled one; which of them is not told."""

    def __init__(self) -> None:
        super().__init__("user name or password is wrong")


class LoginThrottledError(Refused):
    """Too many failed logins of this name or from this address."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"too many failed logins; try again in {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class SessionEndedError(Refused):
    """The refresh token opens nothing: unknown, used, expired or of an ended session."""

    def __init__(self, cause: EndCause | None = None, session_id: str = "") -> None:
        super().__init__("the session has ended; log in again")
        self.cause = cause
        self.session_id = session_id


class BusyError(Refused):
    """As many passwords as may be are being checked or wait for it."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("too many logins at once; try again shortly")
        self.retry_after_s = retry_after_s


class InvalidUserError(ValueError):
    """A user cannot be made like this. Speaks to the administrator, not to callers."""
