"""A scripted FIX client for tests of the simulated venue: plain sockets, no FIX engine.

So that the venue's own engine is not tested with itself, and so that a test sees exactly
the bytes that were sent.
"""

import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime

SOH = "\x01"
WAIT_S = 20.0

Fields = dict[str, str]


def pairs(text: str) -> list[tuple[str, str]]:
    return [tuple(part.split("=", 1)) for part in text.split(SOH) if part]  # type: ignore[misc]


class FixClient:
    """One session over one socket; logs on when made."""

    def __init__(
        self,
        port: int,
        comp_id: str = "ORDERMESH",
        mic: str = "SIMA",
        *,
        next_out: int = 1,
        reset: bool = False,
        heartbeat_s: int = 30,
    ) -> None:
        self.comp_id, self.mic = comp_id, mic
        self.next_out = next_out
        self.next_in = 1
        self._buffer = b""
        self.messages: list[str] = []
        self._ping = ""
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
        self.send("A", f"98=0{SOH}108={heartbeat_s}" + (f"{SOH}141=Y" if reset else ""))
        try:
            self.wait("A")
        except (OSError, AssertionError):
            self.close()
            raise

    def send(self, msg_type: str, body: str, *, header: str = "", seq: int | None = None) -> int:
        """Send a message; returns its MsgSeqNum(34)."""
        number = self.next_out if seq is None else seq
        if seq is None:
            self.next_out += 1
        sent_at = datetime.now(UTC).strftime("%Y%m%d-%H:%M:%S.%f")
        extra = header + SOH if header else ""
        content = (
            f"35={msg_type}{SOH}49={self.comp_id}{SOH}56={self.mic}{SOH}34={number}{SOH}"
            f"52={sent_at}{SOH}{extra}{body}{SOH}"
        )
        text = f"8=FIX.4.4{SOH}9={len(content.encode())}{SOH}{content}"
        data = text.encode()
        self._socket.sendall(data + f"10={sum(data) % 256:03d}{SOH}".encode())
        return number

    def receive(self, deadline: float) -> str:
        """The next message, admin ones included."""
        while True:
            text = self._next_buffered()
            if text is not None:
                return text
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            data = self._socket.recv(65_536)
            if not data:
                raise ConnectionError("the venue closed the connection")
            self._buffer += data

    def ping(self, request_id: str) -> None:
        """Wait until the venue has handled everything sent before."""
        self._ping = request_id
        self.send("1", f"112={request_id}")
        self.wait("0", lambda f: f.get("112") == request_id)
        self._ping = ""

    def drain(self) -> list[str]:
        """Everything until the venue closes the connection; returns all messages so far."""
        try:
            while True:
                self.receive_next()
        except OSError:
            return list(self.messages)

    def receive_next(self) -> str:
        """The next message within the usual time."""
        return self.receive(time.monotonic() + WAIT_S)

    def _next_buffered(self) -> str | None:
        end = self._buffer.find(b"\x0110=")
        stop = self._buffer.find(b"\x01", end + 4) if end >= 0 else -1
        if stop < 0:
            return None
        text = self._buffer[: stop + 1].decode()
        self._buffer = self._buffer[stop + 1 :]
        fields = dict(pairs(text))
        if fields["35"] == "1":
            self.send("0", f"112={fields['112']}")
        if fields["35"] == "2":
            # As the gateway: requests are never sent again, the gap is filled.
            self.send(
                "4",
                f"123=Y{SOH}36={self.next_out}",
                header=f"43=Y{SOH}122=20260101-00:00:00",
                seq=int(fields["7"]),
            )
            if self._ping:
                # The gap may have swallowed it.
                self.send("1", f"112={self._ping}")
        self.messages.append(text)
        return text

    def wait_text(self, msg_type: str, when: Callable[[Fields], bool] = lambda _: True) -> str:
        """The raw text of the next message of a type that suits; others are passed over."""
        deadline = time.monotonic() + WAIT_S
        seen = []
        while time.monotonic() < deadline:
            try:
                text = self.receive(deadline)
            except TimeoutError:
                break
            fields = dict(pairs(text))
            if fields["35"] == msg_type and when(fields):
                return text
            seen.append(text.replace(SOH, "|"))
        raise AssertionError(f"no {msg_type} in {WAIT_S} s; seen: {seen[-10:]}")

    def wait(self, msg_type: str, when: Callable[[Fields], bool] = lambda _: True) -> Fields:
        return dict(pairs(self.wait_text(msg_type, when)))

    def report(self, cl_ord_id: str, exec_type: str) -> Fields:
        """The next ExecutionReport(8) of that ClOrdID(11) and ExecType(150)."""
        return self.wait("8", lambda f: f.get("11") == cl_ord_id and f["150"] == exec_type)

    def order(
        self,
        cl_ord_id: str,
        *,
        side: str = "1",
        quantity: str = "100",
        price: str | None = "100",
        symbol: str = "SAP",
        tif: str = "0",
        header: str = "",
        extra: str = "",
    ) -> None:
        body = [f"11={cl_ord_id}", "1=ACC", f"55={symbol}", f"54={side}", f"38={quantity}"]
        body += ["40=2", f"44={price}"] if price is not None else ["40=1"]
        body += [f"59={tif}", "60=20260101-00:00:00"] + ([extra] if extra else [])
        self.send("D", SOH.join(body), header=header)

    def cancel(self, cl_ord_id: str, orig: str, *, symbol: str = "SAP", side: str = "1") -> None:
        self.send(
            "F",
            f"11={cl_ord_id}{SOH}41={orig}{SOH}55={symbol}{SOH}54={side}{SOH}60=20260101-00:00:00",
        )

    def replace(
        self, cl_ord_id: str, orig: str, *, quantity: str, price: str, symbol: str = "SAP"
    ) -> None:
        self.send(
            "G",
            f"11={cl_ord_id}{SOH}41={orig}{SOH}1=ACC{SOH}55={symbol}{SOH}54=1{SOH}38={quantity}"
            f"{SOH}40=2{SOH}44={price}{SOH}59=0{SOH}60=20260101-00:00:00",
        )

    def status(self, cl_ord_id: str) -> Fields:
        self.send("H", f"11={cl_ord_id}{SOH}55=SAP{SOH}54=1")
        return self.report(cl_ord_id, "I")

    def close(self) -> None:
        """Break the connection without a logout."""
        self._socket.close()
