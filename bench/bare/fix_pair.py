"""Two bare QuickFIX engines in Python: NewOrderSingle(D) out, ExecutionReport(8) back.

Both with file stores, without logs and without data dictionary; messages are built with
raw fields, the fastest way the bindings have.
"""

import sys
import tempfile
import threading
import time
from pathlib import Path

import quickfix as fix

from bench.children import child, free_port, say_ready
from bench.measure import Figure, Plan, percentile

WINDOW_ORDERS = 200
LOGON_TIMEOUT_S = 15
ANSWER_TIMEOUT_S = 30


def _settings(kind: str, port: int, folder: Path) -> fix.SessionSettings:
    acceptor = kind == "acceptor"
    sender, target = ("VENUE", "CLIENT") if acceptor else ("CLIENT", "VENUE")
    where = (
        f"SocketAcceptPort={port}"
        if acceptor
        else f"SocketConnectHost=127.0.0.1\nSocketConnectPort={port}\nReconnectInterval=1"
    )
    text = f"""[DEFAULT]
ConnectionType={kind}
FileStorePath={folder / kind}
StartTime=00:00:00
EndTime=00:00:00
HeartBtInt=10
UseDataDictionary=N
SocketNodelay=Y
{where}
[SESSION]
BeginString=FIX.4.4
SenderCompID={sender}
TargetCompID={target}
"""
    file = folder / f"{kind}.cfg"
    file.write_text(text)
    return fix.SessionSettings(str(file))


class _Engine(fix.Application):  # type: ignore[misc]  # the bindings have no types
    """The common part of both sides: only logon."""

    def __init__(self) -> None:
        super().__init__()
        self.logged_on = threading.Event()
        self.session: fix.SessionID | None = None

    def onCreate(self, session: fix.SessionID) -> None:  # noqa: N802
        self.session = session

    def onLogon(self, session: fix.SessionID) -> None:  # noqa: N802
        self.session = session
        self.logged_on.set()

    def onLogout(self, session: fix.SessionID) -> None:  # noqa: N802
        pass

    def toAdmin(self, message: fix.Message, session: fix.SessionID) -> None:  # noqa: N802
        pass

    def fromAdmin(self, message: fix.Message, session: fix.SessionID) -> None:  # noqa: N802
        pass

    def toApp(self, message: fix.Message, session: fix.SessionID) -> None:  # noqa: N802
        pass


class _Venue(_Engine):
    """Acknowledges every order."""

    def fromApp(self, message: fix.Message, session: fix.SessionID) -> None:  # noqa: N802
        report = fix.Message()
        header = report.getHeader()
        header.setField(35, "8")
        cl_ord_id = message.getField(11)
        for tag, value in (
            (37, cl_ord_id),
            (11, cl_ord_id),
            (17, cl_ord_id),
            (150, "0"),
            (39, "0"),
            (55, message.getField(55)),
            (54, message.getField(54)),
            (151, message.getField(38)),
            (14, "0"),
            (6, "0"),
        ):
            report.setField(tag, value)
        fix.Session.sendToTarget(report, session)


class _Client(_Engine):
    """Counts the reports."""

    def __init__(self) -> None:
        super().__init__()
        self.window = threading.Semaphore(WINDOW_ORDERS)
        self.received = 0
        self.answered = threading.Event()

    def fromApp(self, message: fix.Message, session: fix.SessionID) -> None:  # noqa: N802, ARG002
        message.getField(11)
        message.getField(39)
        self.received += 1
        self.window.release()
        self.answered.set()

    def send(self, number: int) -> None:
        """Send an order."""
        order = fix.Message()
        order.getHeader().setField(35, "D")
        for tag, value in (
            (11, f"bench-{number}"),
            (1, "ACC-BENCH"),
            (55, "ASML"),
            (54, "1"),
            (60, "20250101-00:00:00.000"),
            (38, "100"),
            (40, "2"),
            (44, "150.25"),
            (59, "0"),
        ):
            order.setField(tag, value)
        fix.Session.sendToTarget(order, self.session)


def _serve(port: int) -> None:
    with tempfile.TemporaryDirectory(prefix="ordermesh-bench-") as folder:
        settings = _settings("acceptor", port, Path(folder))
        venue = _Venue()
        stores = fix.FileStoreFactory(settings)  # QuickFIX holds a plain pointer to it
        acceptor = fix.SocketAcceptor(venue, stores, settings)
        acceptor.start()
        say_ready(port=port)
        sys.stdin.read()
        acceptor.stop()


def measure(plan: Plan) -> list[Figure]:
    """Round trips a second with a window of orders in flight, and the ping-pong latency."""
    rate = Figure("quickfix pair, round trips", "orders/s", note=f"{WINDOW_ORDERS} in flight")
    latency = Figure("quickfix pair, ping-pong p50", "ms")
    for _ in range(plan.repeats):
        port = free_port()
        with (
            child("bench.bare.fix_pair", str(port)) as (process, _ready),
            tempfile.TemporaryDirectory(prefix="ordermesh-bench-") as folder,
        ):
            settings = _settings("initiator", port, Path(folder))
            client = _Client()
            stores = fix.FileStoreFactory(settings)  # QuickFIX holds a plain pointer to it
            initiator = fix.SocketInitiator(client, stores, settings)
            initiator.start()
            try:
                if not client.logged_on.wait(LOGON_TIMEOUT_S):
                    raise TimeoutError(f"no logon within {LOGON_TIMEOUT_S} s")
                rate.values.append(_throughput(client, plan.seconds))
                latency.values.append(_ping_pong(client, plan.round_trips))
            finally:
                initiator.stop()
                del initiator, stores  # in this order, and not whenever the garbage collector runs
                assert process.stdin is not None
                process.stdin.close()
                process.wait(ANSWER_TIMEOUT_S)
    return [rate, latency]


def _throughput(client: _Client, seconds: float) -> float:
    client.received = 0
    sent, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        client.window.acquire()
        sent += 1
        client.send(sent)
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    while client.received < sent:
        client.answered.clear()
        if client.received < sent and not client.answered.wait(deadline - time.monotonic()):
            raise TimeoutError(f"{sent - client.received} orders were not answered")
    return sent / (time.perf_counter() - start)


def _ping_pong(client: _Client, round_trips: int) -> float:
    taken: list[float] = []
    for number in range(round_trips):
        client.answered.clear()
        start = time.perf_counter()
        client.send(number)
        if not client.answered.wait(ANSWER_TIMEOUT_S):
            raise TimeoutError("an order was not answered")
        taken.append((time.perf_counter() - start) * 1000)
    return percentile(taken, 50)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
