"""The FIX store of a session: read in parts, and empty after a reset."""

from pathlib import Path

import pytest
import quickfix as fix

from svc_gateway.adapters.fix.engine import QuickFixEngine
from svc_gateway.adapters.fix.store import file_store as store_module
from svc_gateway.adapters.fix.store.file_store import StoreView
from svc_gateway.venues import SessionConfig

CONFIG = SessionConfig(
    session_id="sima-orders",
    venue_mic="SIMA",
    role="orders",
    sender_comp_id="OM",
    target_comp_id="V",
    host="127.0.0.1",
    port=1,
)
MESSAGES = 300


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a session that has sent orders, written by QuickFIX itself."""
    folder = tmp_path / CONFIG.session_id
    folder.mkdir()
    factory = fix.FileStoreFactory(str(folder))
    store = factory.create(fix.UtcTimeStamp(), fix.SessionID("FIX.4.4", "OM", "V"))
    for number in range(1, MESSAGES + 1):
        text = f"8=FIX.4.4\x019=1\x0135=D\x0134={number}\x0111=A-{number}\x0110=000\x01"
        store.set(number, text)
        store.incrNextSenderMsgSeqNum()
    factory.destroy(store)
    return folder


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("FIX*"))


@pytest.mark.parametrize("part_bytes", [7, 100, 1 << 20])
def test_a_store_is_read_in_parts(folder, monkeypatch, part_bytes):
    monkeypatch.setattr(store_module, "_PART_BYTES", part_bytes)
    found = StoreView(folder, "OM", "V").requests_sent()
    assert found == {f"A-{number}" for number in range(1, MESSAGES + 1)}


def test_a_reset_empties_the_store(folder):
    before = size(folder)
    engine = QuickFixEngine(CONFIG, folder.parent, lambda _: True)
    engine.change_numbers(0, 0, reset=True)
    assert engine.numbers() == (1, 1)
    assert not engine.requests_sent()
    assert size(folder) < 100 < before
