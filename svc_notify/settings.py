"""Settings of svc_notify: one frozen value, read once."""

from typing import Annotated, ClassVar

from pydantic import Field

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
    """Days that notifications are kept."""
    notify_history_max: Annotated[int, Field(ge=1_000)] = 1_000_000
    """Notifications that are kept; the oldest of further ones are removed. About 500 bytes each."""
