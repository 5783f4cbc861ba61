"""Settings of svc_notify: one frozen value, read once."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, SecretStr, model_validator

from mesh.settings import MeshSettings


class NotifySettings(MeshSettings):
    """Keys besides those of every process; environment prefix ``ORDERMESH_``."""

    service: ClassVar[str] = "svc-notify"

    bind: str = "127.0.0.1:50054"
    """Address of the gRPC server."""
    ops_bind: str = "127.0.0.1:9162"
    """Address of /metrics, /livez and /readyz."""
    notify_instance: str = ""
    """Name of this process among those of the service: a restart under the same name goes on at
    once. Two at the same time must not have one name. Empty: a restart waits for the lease."""
    notify_lease_s: Annotated[float, Field(ge=1, le=60)] = 3.0
    """Seconds without a sign of life after which another process reads the logs and sends."""
    notify_unknown_after_s: Annotated[float, Field(ge=1, le=3600)] = 10.0
    """Seconds that the state of an order at the venue may be unknown before users are notified."""
    notify_history_days: Annotated[int, Field(ge=1, le=3660)] = 90
    """Days that notifications, dead letters and idempotency keys are kept."""
    notify_history_max: Annotated[int, Field(ge=1_000)] = 1_000_000
    """Notifications that are kept; the oldest of further ones are removed. About 500 bytes each."""
    notify_trusted_hosts: str = ""
    """Hosts, with commas between them, that webhooks may reach at private addresses, and over http
    if the URL says so. Every other host must be public, and is reached over https."""
    notify_authorities: Path | None = None
    """Certificates (PEM) of authorities besides the system's, for webhooks and the mail server."""
    notify_smtp_host: str = ""
    """Mail server; empty: messages for e-mail wait, and say so."""
    notify_smtp_port: Annotated[int, Field(ge=1, le=65_535)] = 587
    """Its port."""
    notify_smtp_tls: Literal["starttls", "implicit"] = "starttls"
    """How its TLS begins; nothing is sent without TLS."""
    notify_smtp_user: str = ""
    """User at the mail server; empty: no login."""
    notify_smtp_password: SecretStr = SecretStr("")
    """Password of this user."""
    notify_mail_from: str = ""
    """Address that mails come from; required with a mail server."""

    @property
    def trusted_hosts(self) -> frozenset[str]:
        """The hosts of notify_trusted_hosts, in lower case."""
        return frozenset(
            one.strip().lower() for one in self.notify_trusted_hosts.split(",") if one.strip()
        )

    @model_validator(mode="after")
    def _mail(self) -> Self:
        if self.notify_smtp_host and "@" not in self.notify_mail_from:
            raise ValueError(
                "set notify_mail_from, as in ordermesh@example.com, together with notify_smtp_host"
            )
        if bool(self.notify_smtp_user) != bool(self.notify_smtp_password.get_secret_value()):
            raise ValueError("set notify_smtp_user and notify_smtp_password together, or neither")
        return self
