import re

import pytest

from conformance.scripted_venue import SOH, body, parse
from kernel.side import CODE_OF_SIDE
from mesh.rpc.validation import validate
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.oms.v1 import order_pb2 as oms
from svc_gateway.adapters.fix.message_log import MessageLog
from svc_gateway.adapters.fix.orders.orders_in import PARKED_BYTES_MAX, OrderReader
from svc_gateway.adapters.fix.orders.orders_out import ORDER_TYPES, TIMES_IN_FORCE, OrderWriter
from svc_gateway.adapters.fix.store.file_store import StoreView
from svc_gateway.service.ports import CannotExpressError
from svc_gateway.venues import DialectConfig
from tests.support.gateway_bench import command

NOW = 1_767_323_045_678_912_345  # 2026-01-02T03:04:05.678912345Z


def written(made: link.VenueCommand, **dialect) -> dict[str, str]:
    return parse(OrderWriter(DialectConfig(**dialect)).write(made, NOW)[0])


def test_every_side_order_type_and_time_in_force_is_mapped_or_refused_in_words() -> None:
    for side in oms.Side.values()[1:]:
        assert written(command(1, side=side))["54"] == CODE_OF_SIDE[side]
    for kind in oms.OrderType.values()[1:]:
        made = command(1, type=kind)
        made.terms.peg.reference = oms.PEG_REFERENCE_MIDPOINT
        made.terms.trailing_offset = "0.5"
        assert written(made)["40"] == ORDER_TYPES[kind]
    with pytest.raises(CannotExpressError, match="order type 99 is not known"):
        written(command(1, type=99))
    for in_force in oms.TimeInForce.values()[1:]:
        made = command(1)
        made.terms.time_in_force = in_force
        assert written(made)["59"] == TIMES_IN_FORCE[in_force]


def test_conditional_fields() -> None:
    made = command(1, type=oms.ORDER_TYPE_STOP_LIMIT)
    made.terms.stop_price, made.terms.display_quantity = "640", "10"
    made.terms.time_in_force = oms.TIME_IN_FORCE_GTD
    made.terms.expire_time.FromNanoseconds(NOW)
    made.regulatory.capacity = oms.TRADING_CAPACITY_DEAL
    fields = written(made)
    assert (fields["99"], fields["111"], fields["126"], fields["528"]) == (
        "640", "10", "20260102-03:04:05", "P",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("side", "reference", "offset", "exec_inst"),
    [(oms.SIDE_BUY, oms.PEG_REFERENCE_PRIMARY, "-0.01", "R"),
     (oms.SIDE_SELL, oms.PEG_REFERENCE_MIDPOINT, "", "M"),
     (oms.SIDE_SELL, oms.PEG_REFERENCE_MARKET, "0.02", "P")],
)  # fmt: skip
def test_a_peg_follows_its_reference_at_its_offset(side, reference, offset, exec_inst) -> None:
    made = command(1, type=oms.ORDER_TYPE_PEGGED, side=side)
    made.terms.peg.reference, made.terms.peg.offset = reference, offset
    fields = written(made)
    assert (fields["40"], fields["18"], fields.get("211", "")) == ("P", exec_inst, offset)
    assert fields["44"] == made.terms.limit_price


@pytest.mark.parametrize(
    ("side", "signed"),
    [(oms.SIDE_BUY, "0.5"), (oms.SIDE_SELL, "-0.5"), (oms.SIDE_SELL_SHORT, "-0.5")],
)
def test_a_trailing_stop_is_a_peg_with_the_sign_of_its_side(side, signed) -> None:
    made = command(1, type=oms.ORDER_TYPE_TRAILING_STOP, side=side)
    made.terms.limit_price, made.terms.trailing_offset, made.terms.stop_price = "", "0.5", "640"
    fields = written(made)
    assert (fields["40"], fields["18"], fields["211"], fields["99"]) == ("P", "a", signed, "640")
    assert "44" not in fields


@pytest.mark.parametrize(
    ("kind", "words"),
    [(oms.ORDER_TYPE_PEGGED, "a pegged order without peg.reference"),
     (oms.ORDER_TYPE_TRAILING_STOP, "a trailing stop without trailing_offset")],
)  # fmt: skip
def test_what_a_type_cannot_be_sent_without(kind, words) -> None:
    with pytest.raises(CannotExpressError, match=words):
        written(command(1, type=kind))


def test_a_venue_with_its_own_way_of_display_and_expiry() -> None:
    made = command(1, type=oms.ORDER_TYPE_ICEBERG)
    made.terms.display_quantity = "10"
    made.terms.time_in_force = oms.TIME_IN_FORCE_GTD
    # 2026-01-02T23:30:00Z is the next day in Amsterdam.
    made.terms.expire_time.FromSeconds(1_767_396_600)
    plain = written(made)
    assert (plain["40"], plain["111"], plain["126"]) == ("2", "10", "20260102-23:30:00")
    fields = written(made, display_tag="display_qty", expire_date_zone="Europe/Amsterdam")
    assert (fields["1138"], fields["432"]) == ("10", "20260103")
    assert not {"111", "126"} & fields.keys()


def test_dialect_options() -> None:
    plain = written(command(1))
    assert (plain["1"], plain["48"], plain["22"], plain["15"], plain["21"]) == (
        "ACC-ALICE", "NL0010273215", "4", "EUR", "1",
    )  # fmt: skip
    bare = written(
        command(1), send_security_id=False, account_tag="none", send_currency=False,
        send_handl_inst=False, symbol_suffix=".AS",
    )  # fmt: skip
    assert not {"1", "48", "22", "15", "21"} & bare.keys()
    assert bare["55"] == "ASML.AS"


def test_parties_are_a_group() -> None:
    made = command(1)
    made.regulatory.client_short_code = "C1"
    made.regulatory.investment_decision.short_code = "ALGO7"
    _, groups = OrderWriter(DialectConfig(send_parties=True)).write(made, NOW)
    ((count, first, entries),) = groups
    assert (count, first) == (453, 448)
    assert entries == [f"448=C1{SOH}447=P{SOH}452=3", f"448=ALGO7{SOH}447=P{SOH}452=122"]


def test_a_delimiter_in_a_value_cannot_forge_a_field() -> None:
    with pytest.raises(CannotExpressError, match="delimiter"):
        written(command(1, account_id=f"ACC{SOH}38=1000000"))


def test_a_cancel_without_its_subject_is_refused() -> None:
    with pytest.raises(CannotExpressError, match=r"OrigClOrdID\(41\)"):
        written(command(1, kind=link.VENUE_COMMAND_KIND_CANCEL))


def test_asking_about_a_sent_request() -> None:
    writer = OrderWriter(DialectConfig())
    sent = f"8=FIX.4.4{SOH}35=F{SOH}11=A-2{SOH}41=A-1{SOH}55=X{SOH}54=2{SOH}"
    subject, question = writer.ask_about(sent)
    assert subject == parse(question)["11"]
    assert parse(question) == {
        "35": "H", "790": "A-2", "11": "A-2", "55": "X", "54": "2",
    }  # fmt: skip
    # A question filled over was seen by nobody: it is asked again, and is no doubt itself.
    subject, question = writer.ask_about(f"35=H{SOH}11=A-2{SOH}")
    assert subject == "A-2"
    assert parse(question) == {"35": "H", "790": "A-2", "11": "A-2"}
    assert writer.receipt_about(f"35=H{SOH}11=A-2{SOH}") is None
    assert writer.ask_about(f"35=0{SOH}") == ("", "")


REPORT = body(
    "8", t34="9", t52="20260102-03:04:05", t43="Y", t37="V1", t11="A-1", t17="E1", t150="F",
    t39="1", t38="100.0", t32="10", t31="650.50", t151="90", t14="10", t6="650.123456789123",
    t60="20260102-03:04:05.678", t58="ok", t851="2", t103="5",
)  # fmt: skip


def read(raw: str, sent: str = "") -> link.VenueMessage:
    return OrderReader(lambda _: sent).read(raw, 7, NOW, 9)


PHONED = {
    "t37": "V1", "t17": "E1", "t150": "0", "t39": "0", "t38": "100", "t1": "ACC-1", "t55": "ASML.X",
    "t48": "NL0010273215", "t22": "4", "t54": "2", "t40": "2", "t44": "50", "t15": "EUR",
}  # fmt: skip


ADOPTS = {"telephone_orders": "adopt", "telephone_accounts": ["ACC-2", "ACC-3"]}


@pytest.mark.parametrize(
    ("changes", "dialect", "account"),
    [
        ({}, {}, {"account_id": "ACC-1"}),
        ({}, ADOPTS, {"account_id": "ACC-1"}),
        ({"t1": "ACC-2"}, {}, {"account_id": "ACC-2"}),
        ({"t1": "ACC-2"}, ADOPTS, {"account_id": "ACC-2", "opens_max": 100}),
        (
            {"t1": "ACC-3", "t11": "DESK-7"},
            ADOPTS | {"telephone_orders_per_day_max": 7},
            {"account_id": "ACC-3", "opens_max": 7},
        ),
        (
            {"t11": "DESK-7", "t41": "DESK-6"},
            ADOPTS | {"telephone_account": "ACC-2"},
            {"account_id": "ACC-1"},
        ),
        (
            {"t1": ""},
            ADOPTS | {"telephone_account": "ACC-2"},
            {"account_id": "ACC-2", "opens_max": 100, "account_assumed": True},
        ),
        ({"t1": ""}, ADOPTS, {}),
        ({"t1": ""}, {"telephone_orders": "park"}, {}),
    ],
)
def test_a_report_that_names_no_order_of_ours_describes_its_order(
    changes, dialect, account
) -> None:
    fields = {name: value for name, value in (PHONED | changes).items() if value}
    reader = OrderReader(lambda _: "", DialectConfig(symbol_suffix=".X", **dialect))
    described = reader.read(body("8", **fields), 7, NOW, 9).execution_report.told
    assert described == link.ToldOrder(
        **account, symbol="ASML", isin="NL0010273215", side="2", order_type="2",
        currency="EUR",
    )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"t11": "01JD8QZ5T0000000000000000A-1"},
        {"t11": "DESK-7", "t41": "01JD8QZ5T0000000000000000A-1"},
    ],
)
def test_a_report_of_an_order_of_ours_does_not(changes) -> None:
    reader = OrderReader(lambda _: "", DialectConfig(**ADOPTS))
    report = reader.read(body("8", **(PHONED | changes)), 7, NOW, 9).execution_report
    assert not report.HasField("told")
    assert not read(body("8", **PHONED)).execution_report.HasField("told"), "a drop copy"


def test_a_report_is_read_whole() -> None:
    message = read(REPORT)
    report = message.execution_report
    assert (message.msg_seq_num, message.session_epoch, message.poss_dup) == (9, 7, True)
    assert message.received_at.ToNanoseconds() == NOW
    assert (report.order_quantity, report.last_price, report.average_price) == (
        "100", "650.5", "650.123456789",
    )  # fmt: skip
    assert (report.last_liquidity, report.ord_rej_reason, report.text) == (2, 5, "ok")
    assert not report.HasField("exec_restatement_reason")


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (REPORT.replace("17=E1", "17="), "ExecID(17) is missing"),
        (REPORT.replace("150=F", "151=1"), "ExecType(150) is missing"),
        (REPORT.replace("32=10", "32=1O"), "LastQty(32) '1O' is not a decimal number"),
        (body("AE", t571="1"), "MsgType(35) 'AE' is not expected here"),
        ("no fields at all", "MsgType(35) '' is not expected here"),
    ],
)
def test_what_cannot_be_read_is_parked_with_the_reason(raw, error) -> None:
    message = read(raw)
    assert error in message.parked.error
    assert message.parked.raw == raw.encode()
    assert message.msg_seq_num == 9


@pytest.mark.parametrize(
    ("raw", "unreadable"),
    [
        (REPORT.replace("39=1", "40=1"), "OrdStatus(39) is missing"),
        (REPORT.replace("11=A-1", "11=" + "x" * 300), "ClOrdID(11) has 300 characters"),
        (REPORT.replace("103=5", "103=five"), "OrdRejReason(103) 'five' is not a whole number"),
        (REPORT.replace("103=5", "103=99999999999"), "OrdRejReason(103) '99999999999' is out of"),
        (REPORT.replace("6=650.123456789123", "6=50,510000"), "AvgPx(6) '50,510000' is not a deci"),
        (REPORT.replace("60=2026", "60=26"), "TransactTime(60) '260102-03:04:05.678' is not a UTC"),
        (REPORT.replace("150=F", "150=4").replace("31=650.50", "31=?"), "LastPx(31) '?' is not a"),
        (REPORT.replace("150=F", "150=4").replace("17=E1", "17="), "ExecID(17) is missing"),
        (f"{REPORT}{SOH}1={'x' * 300}", "Account(1) has 300 characters"),
    ],
)
def test_what_the_event_does_not_need_is_left_out_with_the_reason(raw, unreadable) -> None:
    report = OrderReader(lambda _: "", DialectConfig()).read(raw, 7, NOW, 9).execution_report
    assert unreadable in report.unreadable
    assert report.last_quantity == "10"


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("31=650.60", "a second LastPx(31) '650.60' after '650.50'"),
        ("32=20", "a second LastQty(32) '20' after '10'"),
        ("17=E2", "a second ExecID(17) 'E2' after 'E1'"),
    ],
)
def test_of_a_field_that_comes_twice_the_first_counts_and_the_second_is_named(field, words) -> None:
    message = read(f"{REPORT}{SOH}{field}{SOH}")
    assert message.execution_report.last_quantity == "10"
    assert message.execution_report.last_price == "650.5"
    assert message.execution_report.unreadable == words


def test_a_field_that_comes_twice_with_one_value_is_no_contradiction() -> None:
    assert not read(f"{REPORT}{SOH}31=650.50{SOH}").execution_report.unreadable


def test_a_message_that_is_not_expected_names_its_order() -> None:
    raw = SOH.join(["8=FIX.4.4", "35=AE", "34=9", "571=T1", "37=V1", "11=A-1", ""])
    parked = read(raw).parked
    assert (parked.msg_type, parked.cl_ord_id, parked.venue_order_id) == ("AE", "A-1", "V1")


@pytest.mark.parametrize("decimals", [1, 9, 10, 15, 30, 60])
def test_the_price_of_an_execution_keeps_every_digit(decimals) -> None:
    price = f"50.{'0' * (decimals - 1)}7"
    assert read(REPORT.replace("31=650.50", f"31={price}")).execution_report.last_price == price


@pytest.mark.parametrize("field", ["32", "14", "151"])
def test_what_is_executed_and_left_keeps_every_digit(field) -> None:
    quantity = f"0.{'0' * 17}7"
    report = read(re.sub(f"{SOH}{field}=[0-9]+{SOH}", f"{SOH}{field}={quantity}{SOH}", REPORT))
    read_as = report.execution_report
    assert quantity in {read_as.last_quantity, read_as.cum_quantity, read_as.leaves_quantity}
    assert not read_as.unreadable


def test_a_report_repeats_what_it_says_of_its_order() -> None:
    fields = PHONED | {"t11": "01JD8QZ5T0000000000000000A-1"}
    repeats = link.ToldOrder(
        account_id="ACC-1", symbol="ASML", isin="NL0010273215", side="2", order_type="2",
        currency="EUR",
    )  # fmt: skip
    order_session = OrderReader(lambda _: "", DialectConfig(symbol_suffix=".X"))
    drop_copy = OrderReader(lambda _: "", None, DialectConfig(symbol_suffix=".X"))
    for reader in (order_session, drop_copy):
        assert reader.read(body("8", **fields), 7, NOW, 9).execution_report.repeats == repeats


def test_an_account_of_the_venues_own_is_not_compared() -> None:
    reader = OrderReader(lambda _: "", DialectConfig(account_tag="none"))
    report = reader.read(body("8", **(PHONED | {"t22": "8"})), 7, NOW, 9).execution_report
    assert (report.repeats.account_id, report.repeats.isin) == ("", "")


def test_a_long_text_is_cut_and_a_long_message_too() -> None:
    assert len(read(REPORT.replace("58=ok", "58=" + "y" * 999)).execution_report.text) == 256
    assert len(read("z" * 100_000).parked.raw) == PARKED_BYTES_MAX


def test_text_that_is_not_utf_8_is_read_as_latin_1() -> None:
    raw = REPORT.replace("58=ok", "58=Zürich").encode("latin-1").decode("utf-8", "surrogateescape")
    assert read(raw).execution_report.text == "Zürich"


def test_control_characters_become_spaces_and_stay_in_what_is_parked() -> None:
    assert read(REPORT.replace("58=ok", "58=a\tb\nc\x7f")).execution_report.text == "a b c "
    raw = REPORT.replace("17=E1", "17=").replace("58=ok", "58=a\tb")
    assert read(raw).parked.raw == raw.encode()
    validate(read(REPORT.replace("17=E1", "17=E\t1")))
    validate(read(REPORT.replace("17=E1", "17=\x02").replace("150=F", "1")))


def test_rejects_name_the_order_they_refuse() -> None:
    sent = f"35=D{SOH}11=A-1{SOH}"
    session = read(body("3", t45="4", t371="38", t372="D", t373="6", t58="bad"), sent)
    assert (session.session_reject.cl_ord_id, session.session_reject.ref_tag_id) == ("A-1", 38)
    business = read(body("j", t45="4", t372="D", t380="3", t379="A-1"), sent)
    assert (business.business_reject.cl_ord_id, business.business_reject.reason) == ("A-1", 3)
    cancel = read(body("9", t37="V", t11="A-2", t41="A-1", t39="2", t434="1", t102="0"))
    assert cancel.order_cancel_reject.cxl_rej_reason == 0
    assert cancel.order_cancel_reject.response_to == "1"


def test_a_refused_status_request_names_its_order_and_what_it_was() -> None:
    for kind, name in (("3", "session_reject"), ("j", "business_reject")):
        refused = getattr(read(body(kind, t45="4"), f"35=H{SOH}11=A-1{SOH}"), name)
        assert (refused.cl_ord_id, refused.ref_msg_type) == ("A-1", "H")


def store(tmp_path, session: str = "20260102-03:04:05") -> StoreView:
    prefix = tmp_path / "FIX.4.4-OM-V"
    messages = [
        f"8=FIX.4.4{SOH}9=1{SOH}35={kind}{SOH}34={number}{SOH}{rest}10=000{SOH}"
        for number, (kind, rest) in enumerate(
            [("A", ""), ("D", f"11=A-1{SOH}"), ("H", f"11=A-1{SOH}"), ("F", f"11=A-2{SOH}")], 1
        )
    ]
    index, offset = "", 0
    for number, message in enumerate(messages, 1):
        index += f"{number},{offset},{len(message)} "
        offset += len(message)
    prefix.with_name("FIX.4.4-OM-V.body").write_text("".join(messages))
    prefix.with_name("FIX.4.4-OM-V.header").write_text(index)
    prefix.with_name("FIX.4.4-OM-V.session").write_text(session)
    prefix.with_name("FIX.4.4-OM-V.seqnums").write_text("0000000005 : 0000000012")
    return StoreView(tmp_path, "OM", "V")


def test_the_store_has_what_went_out(tmp_path) -> None:
    view = store(tmp_path)
    assert view.requests_sent() == {"A-1", "A-2"}
    assert "35=F" in view.message(4)
    assert "35=A" in view.message(1)
    assert view.message(5) == ""
    assert view.numbers() == (5, 12)
    assert view.epoch_ns() == 1_767_323_045_000_000_000


def test_an_absent_store_is_no_store(tmp_path) -> None:
    view = StoreView(tmp_path, "OM", "V")
    assert (view.epoch_ns(), view.numbers(), view.requests_sent(), view.message(1)) == (
        0, (1, 1), frozenset(), "",
    )  # fmt: skip


def test_the_message_log_is_bounded_and_hides_passwords(tmp_path) -> None:
    log = MessageLog(tmp_path / "messages.log", 4000)
    for number in range(200):
        log.write(">", f"8=FIX.4.4{SOH}35=A{SOH}554=secret{SOH}925=secret{SOH}58={number}{SOH}")
    log.close()
    files = list(tmp_path.iterdir())
    assert sum(file.stat().st_size for file in files) <= 4000
    assert not any("secret" in file.read_text() for file in files)
    assert "58=199" in (tmp_path / "messages.log").read_text()
