import datetime as dt
import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from kernel.trading_calendar import Origin, Phase
from mesh.calendars import calendar_of_venue
from meshctl.stack.home import Home, Ports
from meshctl.stack.venues import write_venues_file
from ordermesh.marketdata.v1 import calendar_pb2
from ordermesh.oms.v1 import order_pb2 as oms
from svc_gateway.adapters.fix.market.security_list import static_instruments
from svc_gateway.service.calendar_messages import trading_calendar
from svc_gateway.service.market.feed_frames import opening
from svc_gateway.venue_calendar import TradingDayConfig
from svc_gateway.venue_fees import FeesConfig
from svc_gateway.venues import (
    DialectConfig,
    InstrumentConfig,
    OrderTypeName,
    SessionConfig,
    TimeInForceName,
    TlsConfig,
    VenuesFileError,
    load_venues,
)
from tests.support.clock import ManualClock

ROOT = Path(__file__).parents[3]
SESSION = {
    "session_id": "a", "venue_mic": "TEST", "role": "orders", "sender_comp_id": "US",
    "target_comp_id": "THEM", "host": "h", "port": 1,
}  # fmt: skip


def load(tmp_path: Path, *sessions: dict):
    file = tmp_path / "venues.yaml"
    file.write_text(yaml.safe_dump({"sessions": list(sessions)}))
    return load_venues(file)


FEED = {**SESSION, "role": "market_data"}


def test_an_instrument_has_a_currency_of_its_own_or_of_the_session(tmp_path: Path) -> None:
    item = {"symbol": "A"}
    given = {**FEED, "default_currency": "SEK", "instruments": [item]}
    (session,) = load(tmp_path, given).sessions
    (listed,) = static_instruments(session, 1)
    assert listed.currency == "SEK"
    with pytest.raises(VenuesFileError, match="instruments without currency: A; give each"):
        load(tmp_path, {**FEED, "instruments": [item]})


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("zone", "Mars/Olympus", "must be an IANA time zone"),
        ("zone", "", "at least 1 item"),
        ("begins", "24:00", "match pattern"),
        ("weekdays", [], "at least 1 item"),
        ("weekdays", ["monday"], "Input should be 'mon'"),
        ("closed", ["2026-02-30"], "valid date"),
        ("ends", "17:30", "unknown key; allowed here: begins, closed, closing_auction_minutes"),
        ("follows", "SIMA", "a MIC that has a calendar"),
        ("hours", "9-17", "form 09:00-17:30"),
        ("hours", "09:00-25:00", "00:00 to 24:00"),
        ("special_hours", {"2026-12-24": "x"}, "form 09:00-17:30"),
        ("special_hours", {"2026-13-24": "09:00-12:00"}, "valid date"),
        ("pre_open_minutes", 1440, "less than or equal to 1439"),
        ("closing_auction_minutes", -1, "greater than or equal to 0"),
    ],
)
def test_a_trading_day_that_does_not_exist(tmp_path: Path, key, value, text) -> None:
    with pytest.raises(VenuesFileError, match=text) as refused:
        load(tmp_path, {**FEED, "trading_day": {key: value}})
    assert f"trading_day.{key}" in str(refused.value)


def test_a_trading_day_is_what_the_feed_opens_with(tmp_path: Path) -> None:
    day = {"zone": "America/Chicago", "begins": "17:00", "weekdays": ["sun", "mon"],
           "closed": ["2026-12-24"]}  # fmt: skip
    (session,) = load(tmp_path, {**FEED, "trading_day": day}).sessions
    message = trading_calendar(session.trading_day)
    assert message == calendar_pb2.TradingCalendar(
        time_zone="America/Chicago", begins_minute=17 * 60, weekdays=[7, 1],
        closed_dates=["2026-12-24"],
    )  # fmt: skip
    assert calendar_of_venue("SIMA", message).name == "SIMA"
    opened = opening("feed", session, "gateway", ManualClock())
    assert opened.open.trading_calendar == message


def test_a_calendar_with_sessions(tmp_path: Path) -> None:
    day = {"zone": "Europe/Amsterdam", "weekdays": ["mon"], "hours": "09:00-17:30",
           "special_hours": {"2026-11-28": "10:00-12:00"}, "pre_open_minutes": 60,
           "opening_auction_minutes": 5, "closing_auction_minutes": 10}  # fmt: skip
    (session,) = load(tmp_path, {**FEED, "trading_day": day}).sessions
    calendar = calendar_of_venue("SIMA", trading_calendar(session.trading_day))
    assert (calendar.name, calendar.origin) == ("SIMA", Origin.VENUES_FILE)
    saturday = calendar.session(dt.date(2026, 11, 28))
    assert [one.phase for one in saturday.phases] == list(Phase)[:4]
    assert calendar.session(dt.date(2026, 11, 29)) is None


def test_a_venue_may_follow_a_calendar_of_the_library(tmp_path: Path) -> None:
    (session,) = load(tmp_path, {**FEED, "trading_day": {"follows": "XAMS"}}).sessions
    calendar = calendar_of_venue("SIMA", trading_calendar(session.trading_day))
    assert (calendar.name, calendar.origin) == ("XAMS", Origin.LIBRARY)


@pytest.mark.parametrize(
    ("day", "text"),
    [
        ({"follows": "XAMS", "zone": "UTC"}, "follows has a whole calendar: leave out zone"),
        ({"pre_open_minutes": 5}, "need trading_day.hours"),
        ({"special_hours": {"2026-12-24": "09:00-12:00"}}, "need trading_day.hours"),
    ],
)
def test_parts_of_a_calendar_that_do_not_go_together(tmp_path: Path, day, text) -> None:
    with pytest.raises(VenuesFileError, match=text):
        load(tmp_path, {**FEED, "trading_day": day})


def test_without_a_calendar_nothing_is_said(tmp_path: Path) -> None:
    (session,) = load(tmp_path, FEED).sessions
    assert trading_calendar(session.trading_day) is None
    assert not opening("f", session, "g", ManualClock()).open.HasField("trading_calendar")


def test_all_sessions_of_a_venue_have_its_calendar(tmp_path: Path) -> None:
    day = {"hours": "09:00-17:30"}
    orders = {**SESSION, "session_id": "b", "sender_comp_id": "US-2"}
    first, second = load(tmp_path, {**FEED, "trading_day": day}, orders).sessions
    assert first.trading_day == second.trading_day
    other = {**orders, "trading_day": {"hours": "09:00-17:00"}}
    with pytest.raises(VenuesFileError, match=r"trading_day of .* differ"):
        load(tmp_path, {**FEED, "trading_day": day}, other)


FEES = {"currency": "EUR"}


@pytest.mark.parametrize(
    ("fees", "said"),
    [
        ({}, r"fees\.currency: Field required"),
        ({"currency": "euro"}, r"fees\.currency: .* \(was 'euro'\)"),
        (FEES | {"basis": "trade"}, r"fees\.basis: Input should be 'order' or 'execution'"),
        (FEES | {"places": 10}, r"fees\.places: .* less than or equal to 9 \(was 10\)"),
        (FEES | {"rounding": "nearest"}, r"fees\.rounding: Input should be 'half_even'"),
        (FEES | {"taker": {"per_share": "1e-3"}}, r"fees\.taker\.per_share: .*no exponent"),
        (FEES | {"maker": {"fixed": 0.1}}, r"fees\.maker\.fixed: .*valid string \(was 0\.1\)"),
        (FEES | {"taker": {"basis_points": "10000"}}, r"basis_points: .*below 10000"),
        (FEES | {"taker": {"minimum": "2", "maximum": "1"}}, "minimum 2 is above maximum 1"),
        (FEES | {"taker": {"bps": "1"}}, "unknown key; allowed here: basis_points, fixed"),
        (FEES | {"rebate": "1"}, "unknown key; allowed here: basis, currency, maker"),
    ],
)
def test_a_fee_schedule_that_makes_no_sense(tmp_path: Path, fees, said) -> None:
    with pytest.raises(VenuesFileError, match=said):
        load(tmp_path, SESSION | {"fees": fees})


def test_a_fee_schedule_belongs_to_the_orders_session(tmp_path: Path) -> None:
    fees = FEES | {"taker": {"basis_points": "-0.5", "minimum": "0.1"}, "rounding": "up"}
    (session,) = load(tmp_path, SESSION | {"fees": fees}).sessions
    assert (session.fees.taker.basis_points, session.fees.maker.fixed) == ("-0.5", "0")
    with pytest.raises(VenuesFileError, match="fees belong to the session of role orders"):
        load(tmp_path, {**FEED, "fees": fees})


def test_the_example_is_valid_and_shows_every_key() -> None:
    file = ROOT / "config" / "venues.example.yaml"
    assert [s.session_id for s in load_venues(file).sessions] == [
        "sima-orders", "sima-md", "simb-orders", "simb-md",
    ]  # fmt: skip
    readme = (ROOT / "svc_gateway" / "README.md").read_text()
    for model, prefix in ((SessionConfig, ""), (DialectConfig, "dialect."), (TlsConfig, "tls."),
                          (InstrumentConfig, ""), (TradingDayConfig, "trading_day."),
                          (FeesConfig, "fees.")):  # fmt: skip
        for key in model.model_fields:
            assert f"{key}:" in file.read_text()
            if key not in {"tls", "dialect", "trading_day", "taker", "maker"}:
                assert f"`{prefix}{key}`" in readme


def test_the_local_stack_has_a_venue_that_takes_everything_and_a_basic_one(tmp_path) -> None:
    home = Home(tmp_path)
    home.run.mkdir(parents=True)
    sessions = {s.session_id: s for s in load_venues(write_venues_file(home, Ports())).sessions}
    everything = sessions["sima-orders"].dialect
    assert set(everything.order_types) == set(get_args(OrderTypeName))
    assert set(everything.times_in_force) == set(get_args(TimeInForceName))
    basic = sessions["simb-orders"].dialect
    assert (basic.order_types, basic.times_in_force) == (
        DialectConfig().order_types, DialectConfig().times_in_force,
    )  # fmt: skip


def test_every_name_of_the_contract_can_be_offered() -> None:
    for proto, names in ((oms.OrderType, OrderTypeName), (oms.TimeInForce, TimeInForceName)):
        prefix = proto.Name(0).removesuffix("UNSPECIFIED")
        assert {prefix + name.upper() for name in get_args(names)} == set(proto.keys()[1:])


def test_market_data_starts_over_unless_set_otherwise(tmp_path) -> None:
    assert not load(tmp_path, SESSION).sessions[0].reset_on_logon
    market = SESSION | {"role": "market_data"}
    assert load(tmp_path, market).sessions[0].reset_on_logon
    assert not load(tmp_path, market | {"reset_on_logon": False}).sessions[0].reset_on_logon


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"venue_mic": "toolong"}, "sessions[0].venue_mic"),
        (
            {"role": "both"},
            "sessions[0].role: Input should be 'orders', 'market_data' or 'drop_copy'",
        ),
        ({"begin_string": "FIX.4.2"}, "sessions[0].begin_string: Input should be 'FIX.4.4'"),
        ({"tls": {"enabled": True}}, "tls.ca is required"),
        ({"tls": {"certificate": "x"}}, "tls.certificate and tls.key are given together"),
        ({"default_lot_size": "1.0"}, "sessions[0].default_lot_size"),
        ({"default_lot_size": "0"}, "must be positive"),
        ({"instruments": [{"symbol": "A", "tick": 1}]}, "instruments[0].tick: unknown key"),
        ({"instruments": [{"symbol": ""}]}, "instruments[0].symbol: String should have at least 1"),
        ({"instruments": [{"symbol": "in lower case"}]}, "name it in dialect.symbols"),
        ({"instruments": [{"symbol": "A"}, {"symbol": "A"}]}, "instruments names twice: A"),
        (
            {"dialect": {"symbols": {"BRK.B": "BRK.B"}}},
            "dialect.symbols.BRK.B: String should match",
        ),
        ({"dialect": {"symbols": {"A": "X", "B": "X"}}}, "one name to two symbols: X"),
        ({"instruments": [{"symbol": "A", "max_quantity": "x"}]}, "instruments[0].max_quantity"),
        ({"venue_messages_per_second": 0}, "sessions[0].venue_messages_per_second"),
        ({"dialect": {"order_types": []}}, "dialect.order_types: Tuple should have at least 1"),
        ({"dialect": {"order_types": ["limit", "limit"]}}, "order_types names twice: limit"),
        ({"dialect": {"order_types": ["Limit"]}}, "Input should be 'market', 'limit', 'stop'"),
        ({"dialect": {"times_in_force": ["gtx"]}}, "Input should be 'day', 'gtc', 'gtd'"),
        ({"dialect": {"expire_date_zone": "Mars/Olympus"}}, "must be an IANA time zone"),
        ({"sender_comp_id": "a\x01b"}, "sessions[0].sender_comp_id"),
    ],
)
def test_faults_are_named(tmp_path, changes, said) -> None:
    with pytest.raises(VenuesFileError) as caught:
        load(tmp_path, SESSION | changes)
    assert said in str(caught.value)
    assert "venues.yaml" in str(caught.value)


def test_all_faults_are_reported_at_once(tmp_path) -> None:
    with pytest.raises(VenuesFileError) as caught:
        load(tmp_path, SESSION | {"port": 0, "hots": "h"})
    assert len(str(caught.value).splitlines()) == 2


def test_two_sessions_must_differ(tmp_path) -> None:
    with pytest.raises(VenuesFileError, match="session_id is used twice: a"):
        load(tmp_path, SESSION, SESSION | {"sender_comp_id": "OTHER"})
    with pytest.raises(VenuesFileError, match="sequence numbers would be one"):
        load(tmp_path, SESSION, SESSION | {"session_id": "b"})


LISTED = {"instruments": [{"symbol": "A", "currency": "EUR"}]}
PRICES = {"role": "market_data", "sender_comp_id": "PRICES", "session_id": "prices"}


def test_listings_stand_in_one_place(tmp_path) -> None:
    with pytest.raises(VenuesFileError, match="venue TEST has a market_data session: its instru"):
        load(tmp_path, SESSION | LISTED, SESSION | PRICES)
    second = SESSION | LISTED | {"session_id": "b", "sender_comp_id": "OTHER"}
    with pytest.raises(VenuesFileError, match="listed by a, b: list them in one session"):
        load(tmp_path, SESSION | LISTED, second)
    elsewhere = second | {"venue_mic": "ELSE"}
    found = load(tmp_path, SESSION | LISTED, elsewhere)
    assert [session.session_id for session in found.without_prices()] == ["a", "b"]
    assert load(tmp_path, SESSION, SESSION | PRICES | LISTED).without_prices() == []


def test_a_venue_nobody_lists_is_named(tmp_path) -> None:
    assert load(tmp_path, SESSION).unlisted_venues() == ["TEST"]
    assert load(tmp_path, SESSION | LISTED).unlisted_venues() == []
    assert load(tmp_path, SESSION, SESSION | PRICES).unlisted_venues() == []


def test_a_missing_or_broken_file_is_named(tmp_path) -> None:
    with pytest.raises(VenuesFileError, match="cannot be read"):
        load_venues(tmp_path / "none.yaml")
    (tmp_path / "broken.yaml").write_text("a: [")
    with pytest.raises(VenuesFileError, match="is not YAML"):
        load_venues(tmp_path / "broken.yaml")


def test_the_password_comes_from_a_file(tmp_path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    made = load(tmp_path, SESSION | {"password_file": str(secret)}).sessions[0]
    assert made.password() == "s3cret"
    secret.unlink()
    with pytest.raises(VenuesFileError, match="password_file"):
        made.password()


@pytest.mark.parametrize(
    ("dialect", "words"),
    [
        ({"telephone_orders": "adopt"}, "adopt needs telephone_accounts"),
        ({"telephone_account": "A-1"}, "must be one of telephone_accounts"),
        (
            {"telephone_accounts": ["A-1"], "telephone_account": "A-2"},
            "must be one of telephone_accounts",
        ),
        ({"telephone_orders_per_day_max": 0}, "telephone_orders_per_day_max"),
        ({"telephone_accounts": [""]}, "telephone_accounts[0]"),
    ],
)
def test_orders_are_opened_only_in_listed_accounts(tmp_path, dialect, words) -> None:
    with pytest.raises(VenuesFileError, match=re.escape(words)):
        load(tmp_path, SESSION | {"dialect": dialect})


def test_unsolicited_orders_are_parked_unless_the_file_says_otherwise(tmp_path) -> None:
    (session,) = load(tmp_path, SESSION).sessions
    assert session.dialect.telephone_orders == "park"


def test_symbols_have_one_name_in_all_sessions_of_a_venue(tmp_path) -> None:
    symbols = {"dialect": {"symbols": {"BRK.B": "BRK-B"}}}
    prices = {"session_id": "prices", "role": "market_data", "sender_comp_id": "US-MD"}
    load(tmp_path, SESSION | symbols, SESSION | prices | symbols)
    with pytest.raises(VenuesFileError, match=r"dialect\.symbols of .* and prices differ"):
        load(tmp_path, SESSION | symbols, SESSION | prices)
