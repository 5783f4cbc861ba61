"""The mark of the order book survives the process, and a broken file is no mark."""

import asyncio
from pathlib import Path

from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway.adapters.mark_file import FILE_NAME, MarkFile
from svc_gateway.service.orders.mark_keeper import MarkKeeper
from tests.support.waiting import until

MARK = link.BookMark(
    book_epoch="e1",
    fencing_token=4,
    logs=[link.LogMark(log="order_events", log_number=120, digest=b"\x00\xff")],
)


def test_a_mark_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = MarkFile(tmp_path / "sima-orders")
    assert file.read() is None
    file.write(MARK)
    assert MarkFile(tmp_path / "sima-orders").read() == MARK


def test_a_broken_file_is_no_mark(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"book_epoch": ')
    assert MarkFile(tmp_path).read() is None


async def test_the_newest_mark_is_stored_and_a_token_only_grows(tmp_path: Path) -> None:
    file = MarkFile(tmp_path)
    keeper = MarkKeeper("sima-orders", file)
    task = asyncio.create_task(keeper.run())
    keeper.keep(link.BookMark(book_epoch="e0"))
    keeper.keep(MARK)
    await until(lambda: file.read() == MARK, "the newest mark is stored")
    keeper.owned(MARK, 3)
    keeper.owned(MARK, 7)
    await until(lambda: (file.read() or MARK).fencing_token == 7, "the token is stored")
    assert file.read() == link.BookMark(book_epoch=MARK.book_epoch, fencing_token=7, logs=MARK.logs)
    keeper.owned(None, 9)
    await until(lambda: file.read() == link.BookMark(fencing_token=9), "a token without a mark")
    task.cancel()
