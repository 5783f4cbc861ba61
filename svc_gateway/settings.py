"""Settings of the gateway process; sessions are in the venues file."""

from pathlib import Path
from typing import ClassVar

from mesh.settings import MeshSettings


class GatewaySettings(MeshSettings):
    """Keys of the gateway, in addition to those of every process."""

    service: ClassVar[str] = "svc-gateway"

    gateway_sessions_file: Path = Path("config/venues.yaml")
    """The venues file: one entry per FIX session. See svc_gateway/README.md."""
    gateway_store_dir: Path = Path("data/gateway")
    """Folder of the FIX stores, one below it per session. Must survive the process."""
    gateway_instance: str = ""
    """Names this process to the OMS; host name and process id if empty."""
    gateway_message_log_bytes_max: int = 0
    """Bound of the FIX message log of each session in bytes; 0 writes none."""
    ops_bind: str = "127.0.0.1:9154"
