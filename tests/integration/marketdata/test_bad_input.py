"""Bad input to every rpc of market data and instruments: named, and the reader may go on."""

import datetime as dt

import grpc

from ordermesh.marketdata.v1 import instrument_service_pb2 as instruments
from ordermesh.marketdata.v1 import market_data_service_pb2 as prices
from ordermesh.marketdata.v1 import price_alert_service_pb2 as alerts
from ordermesh.marketdata.v1 import reference_data_service_pb2 as reference
from tests.integration.marketdata.conftest import instrument
from tests.support.bad_input import cases, garbled, unbreakable
from tests.support.refusals import refusal

NAME = "ASML.SIMA"
SUBSCRIPTION = {"instrument_ids": [NAME], "topics": [1], "depth": 1, "mode": 2, "interval_ms": 100}
# Together they are refused for what they mean; each alone is well formed.
KEY = {"isin": "NL0010273215", "currency": "EUR", "instrument_id": NAME}
WATCH = prices.WatchRequest(
    subscription=SUBSCRIPTION | {"instruments": [KEY], "fields": {"paths": ["quote.bid_price"]}},
    heartbeat_s=1,
    cursor={"epoch": "e", "sequence": 1},
)
DATE, TIME = "2027-01-31", {"seconds": 1}
GOOD = {
    "prices.Watch": WATCH,
    "prices.Stream": prices.StreamRequest(open=WATCH, subscribe=WATCH.subscription),
    "prices.GetSnapshot": prices.GetSnapshotRequest(
        instrument_ids=[NAME], topics=[1], depth=1, instruments=[KEY]
    ),
    "instruments.Get": instruments.GetRequest(instrument_id=NAME),
    "instruments.List": instruments.ListRequest(
        venue_mic="SIMA", isin="NL0010273215", text="ASML", page_size=1, page_token="x"
    ),
    "instruments.GetCalendar": instruments.GetCalendarRequest(
        venue_mic="SIMA", instrument_id=NAME, from_date=DATE, to_date=DATE
    ),
    "instruments.Search": instruments.SearchRequest(
        text="ASML", kinds=[1], venue_mic="SIMA", page_size=1, page_token="x"
    ),
    "reference.Import": reference.ImportRequest(
        csv=b"isin", reason="load", valid_from=DATE, dry_run=True
    ),
    "reference.Export": reference.ExportRequest(date=DATE, known_at=TIME, page_token="x"),
    "reference.GetRecords": reference.GetRecordsRequest(key=NAME, date=DATE, known_at=TIME),
    "reference.ListHistory": reference.ListHistoryRequest(key=NAME, page_size=1, page_token="x"),
    "reference.RecordAction": reference.RecordActionRequest(
        kind=1,
        key="NL0010273215",
        effective_date=DATE,
        new_shares="2",
        old_shares="1",
        new_symbol="ASM",
        reason="split",
    ),
    "reference.WithdrawAction": reference.WithdrawActionRequest(action_id="01", reason="error"),
    "reference.ListActions": reference.ListActionsRequest(
        key=NAME, date_from=DATE, page_size=1, page_token="x"
    ),
    "alerts.CreateAlert": alerts.CreateAlertRequest(
        idempotency_key="k",
        instrument_id=NAME,
        price=1,
        above="1",
        below="1",
        percent="1",
        reference_price="1",
        expires_at=TIME,
        note="n",
    ),
    "alerts.ListAlerts": alerts.ListAlertsRequest(
        active_only=True, instrument_id=NAME, page_size=1, page_token="x"
    ),
    "alerts.CancelAlert": alerts.CancelAlertRequest(alert_id="01"),
    "alerts.WatchAlerts": alerts.WatchAlertsRequest(
        cursor={"epoch": "e", "sequence": 1}, heartbeat_s=1
    ),
    "instruments.Watch": instruments.InstrumentServiceWatchRequest(venue_mic="SIMA"),
}
# Free numbers; what a cursor means is tested in test_streams.py.
ANY_VALUE = {
    "prices.Watch": {"cursor.sequence"},
    "prices.Stream": {"open.cursor.sequence"},
    "reference.Import": {"dry_run"},
    "alerts.ListAlerts": {"active_only"},
    "alerts.WatchAlerts": {"cursor.sequence"},
}
SERVICES = {
    "prices": "MarketDataService",
    "instruments": "InstrumentService",
    "reference": "ReferenceDataService",
    "alerts": "PriceAlertService",
}


def call(service, rpc, request):
    stub, _, name = rpc.partition(".")
    method = getattr(getattr(service, stub), name)
    who = service.operator if stub == "reference" else service.metadata
    return method(iter([request]) if name == "Stream" else request, metadata=who)


def test_every_rpc_and_field_has_a_case():
    for module, name in (
        (prices, "prices"),
        (instruments, "instruments"),
        (reference, "reference"),
        (alerts, "alerts"),
    ):
        (service,) = module.DESCRIPTOR.services_by_name.values()
        for method in service.methods:
            good = GOOD[f"{name}.{method.name}"]
            assert good.DESCRIPTOR.full_name == method.input_type.full_name
            assert unbreakable(good) == ANY_VALUE.get(f"{name}.{method.name}", set())


async def test_broken_fields_are_refused_by_name(service):
    await service.gateway().open()
    for rpc, case in [(rpc, case) for rpc, good in GOOD.items() for case in cases(good)]:
        found = await refusal(call(service, rpc, case.request))
        assert found.code is grpc.StatusCode.INVALID_ARGUMENT, (rpc, case.name)
        assert (found.reason, found.field) == ("INVALID_FIELD", case.field), (rpc, case.name)
        assert "value" in found.metadata, (rpc, case.name)
        assert found.metadata["expected"], (rpc, case.name)
        assert case.field in found.text, (rpc, case.name)
    # Whoever sent all that is served as before.
    answer = await service.instruments.Get(
        instruments.GetRequest(instrument_id=NAME), metadata=service.metadata
    )
    assert answer.instrument.instrument_id == NAME


async def test_bytes_that_are_no_message_are_refused(service):
    channel = service.channel("envoy")
    for rpc, good in GOOD.items():
        stub, _, name = rpc.partition(".")
        path = f"/ordermesh.marketdata.v1.{SERVICES[stub]}/{name}"
        who = service.operator if stub == "reference" else service.metadata
        for case in garbled(good):
            if name == "Stream":
                made = channel.stream_stream(path)(iter([case.data]), metadata=who)
            elif name in {"Watch", "WatchAlerts"}:
                made = channel.unary_stream(path)(case.data, metadata=who)
            else:
                made = channel.unary_unary(path)(case.data, metadata=who)
            found = await refusal(made)
            assert found.reason == "INVALID_FIELD", (rpc, case.name)
            assert good.DESCRIPTOR.full_name in found.text


def action(**fields):
    """Make a delisting of tomorrow, with other fields."""
    tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).date().isoformat()
    good = {"kind": 3, "key": NAME, "effective_date": tomorrow, "reason": "x"}
    return reference.RecordActionRequest(**(good | fields))


MEANING = [
    ("instruments.Get", instruments.GetRequest(instrument_id="NONE.SIMA"), "INSTRUMENT_NOT_FOUND"),
    ("instruments.List", instruments.ListRequest(page_token="made up"), "INVALID_FIELD"),
    ("instruments.Search", instruments.SearchRequest(text="a", page_token="x"), "INVALID_FIELD"),
    (
        "reference.Import",
        reference.ImportRequest(csv=b"isin", reason="x", valid_from="2027-02-30"),
        "INVALID_FIELD",
    ),
    ("reference.Import", reference.ImportRequest(csv=b"\xff", reason="x"), "INVALID_FIELD"),
    ("reference.Import", reference.ImportRequest(csv=b"\x1f\x8b", reason="x"), "INVALID_FIELD"),
    ("reference.Export", reference.ExportRequest(date="1969-01-01"), "INVALID_FIELD"),
    ("reference.Export", reference.ExportRequest(page_token="x"), "INVALID_FIELD"),
    (
        "reference.GetRecords",
        reference.GetRecordsRequest(key="A", date="9999-01-01"),
        "INVALID_FIELD",
    ),
    (
        "reference.ListHistory",
        reference.ListHistoryRequest(key="A", page_token="x"),
        "INVALID_FIELD",
    ),
    ("reference.ListActions", reference.ListActionsRequest(page_token="x"), "INVALID_FIELD"),
    ("reference.RecordAction", action(effective_date="2020-01-01"), "INVALID_FIELD"),
    ("reference.RecordAction", action(kind=1), "INVALID_FIELD"),
    ("reference.RecordAction", action(kind=1, new_shares="2", old_shares="2"), "INVALID_FIELD"),
    ("reference.RecordAction", action(new_shares="2"), "INVALID_FIELD"),
    ("reference.RecordAction", action(kind=2), "INVALID_FIELD"),
    ("reference.RecordAction", action(kind=2, new_symbol="ASML"), "INVALID_FIELD"),
    ("reference.RecordAction", action(new_symbol="ASM"), "INVALID_FIELD"),
    ("alerts.ListAlerts", alerts.ListAlertsRequest(page_token="made up"), "INVALID_FIELD"),
    (
        "prices.GetSnapshot",
        prices.GetSnapshotRequest(instrument_ids=["NONE.SIMA"]),
        "INSTRUMENT_NOT_FOUND",
    ),
    ("prices.GetSnapshot", prices.GetSnapshotRequest(), "INVALID_FIELD"),
    *(
        (rpc, request, reason)
        for key, reason in (
            ({}, "INVALID_FIELD"),
            ({"currency": "EUR"}, "INVALID_FIELD"),
            ({"isin": "NL0010273215", "instrument_id": NAME}, "INVALID_FIELD"),
            ({"currency": "EUR", "instrument_id": NAME}, "INVALID_FIELD"),
            ({"instrument_id": "NONE.SIMA"}, "INSTRUMENT_NOT_FOUND"),
            ({"isin": "NL0000000000"}, "INSTRUMENT_NOT_FOUND"),
            ({"isin": "NL0010273215", "currency": "CHF"}, "INSTRUMENT_NOT_FOUND"),
        )
        for rpc, request in (
            ("prices.Watch", prices.WatchRequest(subscription={"instruments": [key]})),
            ("prices.GetSnapshot", prices.GetSnapshotRequest(instruments=[key])),
        )
    ),
    *(
        ("prices.Watch", prices.WatchRequest(subscription=fields), "INVALID_FIELD")
        for fields in (
            {"instruments": [{"isin": "NL0010273215"}], "topics": [1]},
            {"instruments": [{"isin": "NL0010273215"}], "topics": [1, 5]},
            *(
                {"instrument_ids": [NAME], "topics": [1, 3], "fields": {"paths": ["quote", path]}}
                for path in (
                    "quote.bid",
                    "book",
                    "book.bids",
                    "quote.",
                    ".bid_price",
                    "sequence",
                    "quote.bid_price.x",
                    "trade.quote",
                    "",
                )
            ),
        )
    ),
    ("prices.Stream", prices.StreamRequest(), "INVALID_FIELD"),
    ("prices.Stream", prices.StreamRequest(subscribe=SUBSCRIPTION), "INVALID_FIELD"),
]


async def test_requests_that_mean_no_good_are_refused(service):
    await service.gateway().open()
    for rpc, request, reason in MEANING:
        found = await refusal(call(service, rpc, request))
        assert found.reason == reason, (rpc, request, found)
        assert found.field, (rpc, found)


async def test_an_isin_of_several_currencies_needs_one(service):
    listed = instrument("ASML.SIMB")
    listed.currency = "USD"
    gateway = await service.gateway().open(names=[NAME])
    await service.gateway("SIMB").open(names=[])
    await service._gateways[1].send(instruments=[listed])
    await gateway.send(instruments=[instrument(NAME)])
    key = {"isin": "NL0010273215"}
    for rpc, request, field in (
        (
            "prices.Watch",
            prices.WatchRequest(subscription={"instruments": [key]}),
            "subscription.instruments[0].currency",
        ),
        (
            "prices.GetSnapshot",
            prices.GetSnapshotRequest(instruments=[key]),
            "instruments[0].currency",
        ),
    ):
        found = await refusal(call(service, rpc, request))
        assert (found.reason, found.field) == ("INVALID_FIELD", field)
        assert "EUR, USD" in found.text
        assert "NL0010273215" in found.text
    for currency, name in (("EUR", NAME), ("USD", "ASML.SIMB")):
        answer = await service.prices.GetSnapshot(
            prices.GetSnapshotRequest(instruments=[key | {"currency": currency}]),
            metadata=service.metadata,
        )
        (update,) = answer.updates
        assert [one.instrument_id for one in update.consolidated_book.venues] == [name]
