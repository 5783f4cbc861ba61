"""Settings of svc_relay: one frozen value, read once."""

from typing import Annotated, ClassVar

from pydantic import Field

from mesh.kafka import KafkaFields
from mesh.settings import MeshSettings


class RelaySettings(KafkaFields, MeshSettings):
    """Keys besides those of every process; environment prefix ``ORDERMESH_``."""

    service: ClassVar[str] = "svc-relay"

    ops_bind: str = "127.0.0.1:9160"
    """Address of /metrics, /livez and /readyz."""
    relay_instance: str = ""
    """Name of this relay among those of the logs: a restart under the same name goes on at once.
    Two at the same time must not have one name. Empty: a restart waits for the lease."""
    relay_lease_s: Annotated[float, Field(ge=1, le=300)] = 10.0
    """Seconds without a sign of life after which a standby takes the logs. The brokers may refuse
    less than their ``group.min.session.timeout.ms`` (6 s by default)."""
    relay_lag_max_s: Annotated[float, Field(gt=0)] = 5.0
    """Seconds that entries may wait before /readyz says LAGGING."""
