# ruff: noqa: ARG002, D102, N802  QuickFIX names its callbacks and their arguments
"""The FIX engine of a scripted venue: a process of its own that passes everything on as JSON lines.

Run by scripted_venue.py. It is a process because QuickFIX's acceptor cannot be
stopped safely within one, and because a crash is then a real one: kill -9.
"""

import json
import sys
import threading
from pathlib import Path
from typing import Any

import quickfix as fix

from fix.dictionary import PARTIES, Repeats, dictionary_text

GROUPS = {
    "V": (Repeats(267, (269,)), Repeats(146, (55, 48, 22, 207))),
    "D": (PARTIES,),
    "G": (PARTIES,),
}
# A body that begins with this field gets it into the header, where it belongs.
POSS_RESEND = "97=Y\x01"
_OUT = threading.Lock()


def report(**what: Any) -> None:
    """Write one line."""
    with _OUT:
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()


class Application(fix.Application):  # type: ignore[misc]  # quickfix has no types
    """Writes what QuickFIX reports, one line each."""

    def onCreate(self, session_id: Any) -> None:
        pass

    def onLogon(self, session_id: Any) -> None:
        report(event="logon", client=session_id.getTargetCompID().getValue())

    def onLogout(self, session_id: Any) -> None:
        report(event="logout", client=session_id.getTargetCompID().getValue())

    def toAdmin(self, message: Any, session_id: Any) -> None:
        pass

    def fromAdmin(self, message: Any, session_id: Any) -> None:
        report(event="admin", raw=message.toString())

    def toApp(self, message: Any, session_id: Any) -> None:
        pass

    def fromApp(self, message: Any, session_id: Any) -> None:
        report(event="app", raw=message.toString())


def send(session_id: Any, text: str) -> None:
    """Send body text as it is: one field holds all the others, so that their order stays."""
    first, _, rest = text.partition("\x01")
    message = fix.Message()
    message.getHeader().setField(35, first.removeprefix("35="))
    if rest.startswith(POSS_RESEND):
        message.getHeader().setField(97, "Y")
        rest = rest.removeprefix(POSS_RESEND)
    tag, _, value = rest.partition("=")
    message.setField(int(tag), value)
    fix.Session.sendToTarget(message, session_id)
    client = session_id.getTargetCompID().getValue()
    report(event="sent", client=client, number=message.getHeader().getField(34))


def main() -> None:
    """Listen as the plan says, and send what comes on standard input."""
    plan = json.loads(sys.argv[1])
    store = Path(plan["store"])
    store.mkdir(parents=True, exist_ok=True)
    (store / "dictionary.xml").write_text(dictionary_text(GROUPS))
    settings = fix.SessionSettings()
    ids = {client: fix.SessionID("FIX.4.4", plan["mic"], client) for client in plan["clients"]}
    for session_id in ids.values():
        dictionary = fix.Dictionary()
        values = {
            "ConnectionType": "acceptor", "NonStopSession": "Y", "StartTime": "00:00:00",
            "EndTime": "00:00:00", "HeartBtInt": "10", "UseDataDictionary": "Y",
            "DataDictionary": str(store / "dictionary.xml"), "AllowUnknownMsgFields": "Y",
            "ValidateFieldsOutOfOrder": "N", "ValidateFieldsHaveValues": "N",
            "ValidateUserDefinedFields": "N", "SocketAcceptPort": str(plan["port"]),
            "SocketReuseAddress": "Y", "SocketNodelay": "Y", "FileStorePath": str(store),
            **plan["settings"],
        }  # fmt: skip
        for key, value in values.items():
            dictionary.setString(key, value)
        settings.set(dictionary)  # TLS keys are only read from the defaults
        settings.set(session_id, dictionary)
    application = Application()
    factory = fix.FileStoreFactory(str(store))
    tls = "ServerCertificateFile" in plan["settings"]
    kind = fix.SSLSocketAcceptor if tls else fix.SocketAcceptor
    acceptor = kind(application, factory, settings)
    for client, number in plan["expect"].items():
        fix.Session.lookupSession(ids[client]).setNextTargetMsgSeqNum(number)
    acceptor.start()
    report(event="ready")
    for line in sys.stdin:
        order = json.loads(line)
        send(ids[order["client"]], order["text"])


if __name__ == "__main__":
    main()
