"""Gateways as processes against a real order book: kill -9, standbys, a store they share."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from conformance.scripted_venue import ScriptedVenue
from mesh.settings import child_environment
from tests.support.forked import Forked
from tests.support.ports import free_port


@dataclass
class Disk:
    """A small disk of one process, in a user namespace: a test fills it, or makes it read-only."""

    size_bytes: int
    options: str = ""
    path: Path = Path()
    pid: int = 0

    def around(self, path: Path, command: list[str]) -> list[str]:
        path.mkdir(exist_ok=True)
        self.path = path
        options = f"size={self.size_bytes}{self.options}"
        return [
            "unshare", "--map-root-user", "--mount", "sh", "-c",
            f'mount -t tmpfs -o {options} tmpfs {path} && exec "$@"', "sh", *command,
        ]  # fmt: skip

    def fill(self) -> None:
        file = os.open(self._inside / "filler", os.O_CREAT | os.O_WRONLY)
        with contextlib.suppress(OSError):
            while True:
                os.write(file, bytes(4096))
        os.close(file)

    def empty(self) -> None:
        (self._inside / "filler").unlink()

    def remount(self, option: str) -> None:
        inside = ["nsenter", "-t", str(self.pid), "-U", "-m", "--preserve-credentials"]
        subprocess.run([*inside, "mount", "-o", f"remount,{option}", str(self.path)], check=True)

    @property
    def _inside(self) -> Path:
        return Path(f"/proc/{self.pid}/root{self.path}")


@dataclass
class GatewayProcesses:
    """Gateways of one order session."""

    folder: Path
    tls: Path
    venue: ScriptedVenue
    oms_target: str
    keys: dict = field(default_factory=dict)
    running: dict[str, Forked | subprocess.Popen[bytes]] = field(default_factory=dict)

    def session(self) -> dict:
        return {
            "session_id": "sima-orders", "venue_mic": self.venue.mic, "role": "orders",
            "sender_comp_id": "ORDERMESH", "target_comp_id": self.venue.mic,
            "host": "127.0.0.1", "port": self.venue.port, "reconnect_s": 1, **self.keys,
        }  # fmt: skip

    def launch(
        self, instance: str, store: str = "store", oms_target: str = "", disk: "Disk | None" = None
    ) -> None:
        file = self.folder / "venues.yaml"
        file.write_text(yaml.safe_dump({"sessions": [self.session()]}))
        environment = child_environment({
            "ORDERMESH_GATEWAY_SESSIONS_FILE": str(file),
            "ORDERMESH_GATEWAY_STORE_DIR": str(self.folder / store),
            "ORDERMESH_GATEWAY_INSTANCE": instance,
            "ORDERMESH_OMS_TARGET": oms_target or self.oms_target,
            "ORDERMESH_MARKETDATA_TARGET": "127.0.0.1:1",
            "ORDERMESH_TLS_CERT": str(self.tls / "svc-gateway.pem"),
            "ORDERMESH_TLS_KEY": str(self.tls / "svc-gateway.key"),
            "ORDERMESH_TLS_CA": str(self.tls / "ca.pem"),
            "ORDERMESH_OPS_BIND": f"127.0.0.1:{free_port()}",
        })  # fmt: skip
        process: Forked | subprocess.Popen[bytes]
        with (self.folder / f"{instance}.log").open("ab") as log:
            if disk is None:
                process = Forked("svc_gateway", (), environment, stderr=log, stdout=log)
            else:
                command = [sys.executable, "-m", "svc_gateway"]
                command = disk.around(self.folder / store, command)
                process = subprocess.Popen(command, env=environment, stderr=log, stdout=log)
                disk.pid = process.pid
        self.running[instance] = process

    async def end(self, instance: str, number: signal.Signals = signal.SIGKILL) -> None:
        process = self.running.pop(instance)
        process.send_signal(number)
        await asyncio.to_thread(process.wait)

    async def end_all(self) -> None:
        for instance in list(self.running):
            await self.end(instance)

    def log(self, instance: str) -> str:
        return (self.folder / f"{instance}.log").read_text()


def numbers_seen(venue: ScriptedVenue) -> list[int]:
    """MsgSeqNum(34) the venue got for the first time, in its order; a gap fill counts as all it fills."""  # noqa: E501
    seen = []
    for message in venue.all_from("ORDERMESH"):
        number = int(message["34"])
        if message["35"] == "4" and message.get("123") == "Y":
            seen += [one for one in range(number, int(message["36"])) if one not in seen]
        elif message.get("43") != "Y":
            seen.append(number)
    return seen
