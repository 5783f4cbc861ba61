import pytest

from sim_exchange.adapters.journal import Journal, JournalError, order_line, report_line
from sim_exchange.domain.order import OrderKind, PegTo, Side, Special, TimeInForce
from sim_exchange.service.orders import CANCELED, FILLED, ClientOrder, Terms

TERMS = Terms("ACC", "SAP", "", Side.SELL, OrderKind.LIMIT, TimeInForce.GTC, 2_400_000, 100)


def order(number: int, status: str = "0") -> ClientOrder:
    made = ClientOrder("C", f"SIMA-1-{number}", f"N{number}-2", TERMS)
    made.cl_ord_ids = (f"N{number}-1", f"N{number}-2")
    made.cum, made.notional, made.status, made.text = 7, 7 * 2_400_000, status, "Grund: ü"
    return made


def same(one: ClientOrder, other: ClientOrder) -> bool:
    names = [name for name in ClientOrder.__slots__ if name != "wire"]
    return all(getattr(one, name) == getattr(other, name) for name in names)


def test_orders_and_the_last_batch_survive(tmp_path) -> None:
    journal = Journal(tmp_path)
    journal.write([order_line(order(1)), report_line("C", "E1", "x\x0117=E1")])
    journal.write([order_line(order(2)), order_line(order(1, FILLED))])
    journal.write([order_line(order(2, CANCELED)), report_line("C", "E2", "y\x0117=E2\x0158=z")])
    journal.close()
    again = Journal(tmp_path)
    assert (journal.start_number, again.start_number) == (1, 2)
    assert [one.order_id for one in again.orders] == ["SIMA-1-1", "SIMA-1-2"]
    assert same(again.orders[0], order(1, FILLED))
    assert same(again.orders[1], order(2, CANCELED))
    assert again.last_reports == [("C", "E2", "y\x0117=E2\x0158=z")]
    again.close()
    # A start that is killed before its first batch finds the same.
    third = Journal(tmp_path)
    assert third.last_reports == again.last_reports
    third.close()


def test_special_orders_survive(tmp_path) -> None:
    terms = TERMS._replace(
        kind=OrderKind.PEGGED,
        special=Special(1, 2, 3, PegTo.MIDPOINT, -4),
        tif=TimeInForce.GTD,
        expire_ns=99,
    )
    special, bare = ClientOrder("C", "S-1", "N-1", terms), order(2)
    special.pegged = 7
    bare.terms = TERMS._replace(special=Special(trail=5), short_code="5")
    journal = Journal(tmp_path)
    journal.write([order_line(special), order_line(bare)])
    journal.close()
    again = Journal(tmp_path)
    assert same(again.orders[0], special)
    assert same(again.orders[1], bare)
    again.close()


@pytest.mark.parametrize("fields_less", [1, 2])
def test_orders_of_an_older_venue_are_read(tmp_path, fields_less) -> None:
    journal = Journal(tmp_path)
    line = order_line(order(1))
    assert line.endswith("\x01\x01\n")
    journal.write([line.removesuffix("\x01" * fields_less + "\n") + "\n"])
    journal.close()
    again = Journal(tmp_path)
    assert same(again.orders[0], order(1))
    again.close()


def test_batch_cut_off_by_a_crash_is_left_out(tmp_path) -> None:
    journal = Journal(tmp_path)
    journal.write([order_line(order(1))])
    journal.close()
    with (tmp_path / "orders.journal").open("a") as file:
        file.write("B\nO\x01C\x01SIMA")
    again = Journal(tmp_path)
    assert [one.order_id for one in again.orders] == ["SIMA-1-1"]
    again.close()


def test_only_so_many_closed_orders_are_kept(tmp_path) -> None:
    journal = Journal(tmp_path)
    journal.write([order_line(order(number, CANCELED)) for number in range(5)])
    journal.write([order_line(order(9))])
    journal.close()
    again = Journal(tmp_path, closed_orders_max=2)
    assert [one.order_id[-1] for one in again.orders] == ["3", "4", "9"]
    again.close()


def test_damaged_files_are_reported(tmp_path) -> None:
    (tmp_path / "orders.journal").write_text("what\n")
    with pytest.raises(JournalError, match="line 1: not a record"):
        Journal(tmp_path)
    (tmp_path / "starts").write_text("many")
    with pytest.raises(JournalError, match="not a number"):
        Journal(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="store folder"):
        Journal(tmp_path / "file")
