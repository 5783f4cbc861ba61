"""A FIX acceptor that follows a script: it answers, keeps silent, lies, crashes, resends.

It knows nothing beyond FIX 4.4 and holds no book. Use it as any venue:

    venue = ScriptedVenue(folder, port=9878, mic="TEST")
    venue.on("D", lambda order: [accepted(order)])   # or leave it out and call venue.send
    venue.start()
    ...
    order = await venue.received("D")
    venue.send(filled(order, "F1", quantity="10", price="5"))
    venue.stop()

`crash()` is a kill -9, `start()` then goes on with the same store. To break only the connection,
put a `Cable` in between. A message sent while no client is logged on is only stored, as if the
network had lost it: the peer sees the gap at its next logon and asks for it.
"""

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from conformance.waiting import until
from fix.wire import utc_text
from mesh.settings import child_environment

SOH = "\x01"
Fields = dict[str, str]
Script = Callable[[Fields], list[str]]


def parse(raw: str) -> Fields:
    """Tag to value; the first of a repeated tag."""
    found: Fields = {}
    for part in raw.split(SOH):
        tag, equals, value = part.partition("=")
        if equals:
            found.setdefault(tag, value)
    return found


def body(msg_type: str, **tags: str) -> str:
    """Return body text, as of ``body("8", t11="A-1", t17="E1")``."""
    return SOH.join([f"35={msg_type}", *(f"{key[1:]}={value}" for key, value in tags.items())])


def report(request: Fields, exec_id: str, exec_type: str, status: str, **tags: str) -> str:
    """ExecutionReport(8) about a request."""
    base = {
        "t37": f"V-{request['11']}",
        "t11": request["11"],
        "t17": exec_id,
        "t150": exec_type,
        "t39": status,
        "t55": request.get("55", ""),
        "t54": request.get("54", "1"),
        "t38": request.get("38", "0"),
        "t151": request.get("38", "0"),
        "t14": "0",
        "t6": "0",
        "t60": utc_text(time.time_ns()),
    }
    if "41" in request:
        base["t41"] = request["41"]
    return body("8", **(base | tags))


def accepted(request: Fields, exec_id: str = "") -> str:
    """The order works."""
    return report(request, exec_id or f"A-{request['11']}", "0", "0")


def filled(request: Fields, exec_id: str, quantity: str, price: str) -> str:
    """All of it executed at once."""
    return report(request, exec_id, "F", "2", t32=quantity, t31=price, t151="0", t14=quantity)


def canceled(request: Fields, exec_id: str = "") -> str:
    """The cancel took effect."""
    return report(request, exec_id or f"C-{request['11']}", "4", "4", t151="0")


def unknown_order(request: Fields) -> str:
    """The answer to OrderStatusRequest(H) about an order the venue never had."""
    return report(
        request, f"U-{request['11']}", "I", "8", t37="NONE", t103="5", t151="0", t38="0",
        t790=request.get("790", ""),
    )  # fmt: skip


def order_status(request: Fields, status: str = "0") -> str:
    """The answer to OrderStatusRequest(H) about an order the venue has."""
    return report(request, f"S-{request['11']}", "I", status, t790=request.get("790", ""))


@dataclass
class ScriptedVenue:
    """The venue: its FIX engine is a process of its own, its scripts run here.

    They run in the thread that reads from that process. Waiting is done on the caller's loop.
    """

    folder: Path
    port: int
    mic: str = "TEST"
    client: str = "ORDERMESH"
    market_data_client: str = "ORDERMESH-MD"
    # Further settings of QuickFIX's acceptor.
    settings: dict[str, str] = field(default_factory=dict)
    messages: list[Fields] = field(default_factory=list)
    admin: list[Fields] = field(default_factory=list)
    everything: list[Fields] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    logon_count: int = 0
    # Messages given to the engine, those it has sent, and the last MsgSeqNum(34) per client.
    sends: int = 0
    sent: int = 0
    last_number: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._scripts: dict[str, Script] = {}
        self._logons: set[str] = set()
        self._lock = threading.Lock()
        self._cursor: dict[str, int] = {}
        self._expect: dict[str, int] = {}
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    # -- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Listen. After a crash it goes on with its numbers and messages."""
        plan = {
            "store": str(self.folder / f"venue-{self.mic}"),
            "port": self.port,
            "mic": self.mic,
            "clients": [self.client, self.market_data_client],
            "settings": self.settings,
            "expect": self._expect,
        }
        self._process = self.launched(json.dumps(plan))
        self._expect = {}
        line = _pipes(self._process)[1].readline()
        if "ready" not in line:
            raise RuntimeError(f"the venue did not start: {line!r}")
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def launched(self, plan: str) -> subprocess.Popen[str]:
        """Start the engine, with pipes to its standard input and output."""
        root = Path(__file__).resolve().parents[1]
        environment = child_environment({"PYTHONPATH": f"{root}:{root / 'gen' / 'python'}"})
        return subprocess.Popen(
            [sys.executable, "-m", "conformance.venue_process", plan],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=root,
        )  # fmt: skip

    def crash(self) -> None:
        """Kill -9."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        if self._reader is not None:
            self._reader.join()
        for pipe in _pipes(process):
            pipe.close()
        self._logons.clear()

    stop = crash

    # -- what it does -------------------------------------------------------------------------

    def on(self, msg_type: str, script: Script) -> None:
        """Answer every message of a type with the script's result."""
        self._scripts[msg_type] = script

    def ignore(self, msg_type: str) -> None:
        """Stop answering a type."""
        self._scripts.pop(msg_type, None)

    def send(self, text: str, client: str = "") -> None:
        """Send a message; the engine also keeps it for a resend if no client is logged on."""
        order = json.dumps({"client": client or self.client, "text": text})
        assert self._process is not None
        to_engine, _ = _pipes(self._process)
        with self._lock:
            self.sends += 1
            to_engine.write(f"{order}\n")
            to_engine.flush()

    def expect_from_client(self, number: int, client: str = "") -> None:
        """At the next start, pretend to have received only the numbers below this one."""
        self._expect[client or self.client] = number

    # -- what it saw --------------------------------------------------------------------------

    def of_type(self, msg_type: str) -> list[Fields]:
        """All messages of a type so far."""
        return [message for message in list(self.messages) if message["35"] == msg_type]

    def all_from(self, client: str) -> list[Fields]:
        """All messages of a client so far, administrative ones too, as they came."""
        return [message for message in list(self.everything) if message["49"] == client]

    async def received(self, msg_type: str, timeout_s: float = 20.0) -> Fields:
        """Wait for the next message of a type that no call returned before."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            seen = self.of_type(msg_type)
            place = self._cursor.get(msg_type, 0)
            if place < len(seen):
                self._cursor[msg_type] = place + 1
                return seen[place]
            await asyncio.sleep(0.01)
        raise AssertionError(f"the venue got no MsgType(35) {msg_type} within {timeout_s:.0f} s")

    def logged_on(self, client: str = "") -> bool:
        """Whether the client is logged on."""
        return (client or self.client) in self._logons

    async def until_logged_on(self, client: str = "", timeout_s: float = 20.0) -> None:
        """Wait for the logon."""
        await until(lambda: self.logged_on(client), "the client logs on", timeout_s)

    def _read(self, process: subprocess.Popen[str]) -> None:
        for line in _pipes(process)[1]:
            if not line.startswith("{"):
                continue  # QuickFIX's TLS speaks on standard output
            try:
                self._take(json.loads(line))
            except Exception as error:  # noqa: BLE001  shown by the test's end
                self.failures.append(error)

    def _take(self, event: dict[str, str]) -> None:
        kind = event["event"]
        if kind == "logon":
            self._logons.add(event["client"])
            self.logon_count += 1
        elif kind == "logout":
            self._logons.discard(event["client"])
        elif kind == "sent":
            self.last_number[event["client"]] = int(event["number"])
            self.sent += 1
        elif kind == "admin":
            self.admin.append(parse(event["raw"]))
            self.everything.append(self.admin[-1])
        else:
            message = parse(event["raw"])
            message["raw"] = event["raw"]
            self.messages.append(message)
            self.everything.append(message)
            script = self._scripts.get(message["35"])
            for answer in script(message) if script else []:
                self.send(answer, message["49"])


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    """Return standard input and output of the engine."""
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


class Cable:
    """A TCP connection to a venue that can be cut and mended, and muted."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._whole = True
        self._mute = False

    @property
    def port(self) -> int:
        """Connect here."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)

    async def stop(self) -> None:
        """End everything."""
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Drop all connections silently, and every new one at once."""
        self._whole = False
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        """Let connections through again."""
        self._whole, self._mute = True, False

    def mute(self) -> None:
        """Lose what the venue sends from now on; messages to it arrive."""
        self._mute = True

    async def _connected(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if not self._whole:
            back.transport.abort()
            return
        self._writers.add(back)
        try:
            far, out = await asyncio.open_connection("127.0.0.1", self._target_port)
            self._writers.add(out)
            try:
                if self._whole:
                    await asyncio.gather(
                        self._carry(near, out, answers=False), self._carry(far, back, answers=True)
                    )
            finally:
                out.transport.abort()
                self._writers.discard(out)
        except OSError:
            return  # nobody listens; as over a real cable
        finally:
            back.transport.abort()
            self._writers.discard(back)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        try:
            while data := await reader.read(65536):
                if answers and self._mute:
                    continue
                writer.write(data)
                await writer.drain()
        except OSError:
            return
        finally:
            writer.close()
