"""ReferenceDataService: what persons recorded of instruments and listings."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from kernel.nanoseconds import NS_PER_S
from mesh.auth.access import Access, user
from mesh.errors import refuse, wrong
from mesh.rpc.page_tokens import page_place, page_token
from mesh.rpc.server import Call
from mesh.timestamps import from_timestamp
from ordermesh.marketdata.v1 import reference_data_service_pb2 as pb
from svc_marketdata.api.answering import answered
from svc_marketdata.api.reference.mapping import (
    ACTION_KINDS,
    action_to_proto,
    date_of,
    fault_to_proto,
    history_to_proto,
    instrument_to_proto,
    listing_record_to_proto,
)
from svc_marketdata.domain.reference.actions import (
    ActionKind,
    ActionState,
    CorporateAction,
    wrong_split,
)
from svc_marketdata.domain.reference.codes import WrongValueError
from svc_marketdata.domain.reference.records import InstrumentRecord, ListingRecord
from svc_marketdata.service.market_data import MarketData
from svc_marketdata.service.reference import actions
from svc_marketdata.service.reference.ports import NEWEST, By
from svc_marketdata.service.reference.reference_data import ReferenceData

READ: Final = user()
CHANGE: Final = user("OPERATOR")
ACCESS: Final[Mapping[str, Access]] = {
    "Import": CHANGE,
    "Export": READ,
    "GetRecords": READ,
    "ListHistory": READ,
    "RecordAction": CHANGE,
    "WithdrawAction": CHANGE,
    "ListActions": READ,
}
PAGE_SIZE_DEFAULT: Final = 100
FAULTS_SHOWN_MAX: Final = 100
TIME_NS_MAX: Final = 4_102_444_800 * NS_PER_S
"""The year 2100: a later time is a mistake."""
FIRST_PLACE: Final = (dt.date.min, "")
NEWEST_PLACE: Final = (NEWEST, dt.date.max)


class ReferenceDataServicer:
    """Serves ``ordermesh.marketdata.v1.ReferenceDataService``."""

    def __init__(self, reference: ReferenceData, data: MarketData) -> None:
        self._reference = reference
        self._data = data

    async def Import(  # noqa: N802  # rpc names are the contract's
        self, request: pb.ImportRequest, call: Call
    ) -> pb.ImportResponse:
        """Record a CSV file, all of it or nothing."""
        since = date_of("valid_from", request.valid_from, self._today)
        work = self._reference.import_file(
            request.csv, since, _by(call, request.reason), dry_run=request.dry_run
        )
        try:
            done = await answered(work)
        except WrongValueError as error:
            raise wrong("csv", f"{len(request.csv)} bytes", str(error)) from error
        return pb.ImportResponse(
            changed=done.changed,
            unchanged=done.unchanged,
            faults=map(fault_to_proto, done.faults[:FAULTS_SHOWN_MAX]),
            fault_count=len(done.faults),
            change_id=done.change_id,
        )

    async def Export(self, request: pb.ExportRequest, _call: Call) -> pb.ExportResponse:  # noqa: N802
        """Return a page of the reference data as CSV."""
        day = date_of("date", request.date, self._today)
        place = page_place(request, (int, str))
        begins = None if place is None else (place[0], place[1])
        page = self._reference.export_page(day, _known_at(request), begins)
        text, following = await answered(page)
        token = page_token(request, following) if following else ""
        return pb.ExportResponse(csv=text, next_page_token=token)

    async def GetRecords(  # noqa: N802
        self, request: pb.GetRecordsRequest, _call: Call
    ) -> pb.GetRecordsResponse:
        """Return what was known at a time about a day."""
        day = date_of("date", request.date, self._today)
        records = await answered(self._reference.as_of(request.key, day, _known_at(request)))
        answer = pb.GetRecordsResponse()
        for record in records:
            if isinstance(record, InstrumentRecord):
                answer.instrument.CopyFrom(instrument_to_proto(record))
            elif isinstance(record, ListingRecord):
                answer.listings.append(listing_record_to_proto(record))
        if not records:
            raise _not_found(request.key, f"about {day}")
        return answer

    async def ListHistory(  # noqa: N802
        self, request: pb.ListHistoryRequest, _call: Call
    ) -> pb.ListHistoryResponse:
        """Return every record of an instrument or listing, newest first."""
        place = page_place(request, (int, int))
        before = (place[0], _date(place[1])) if place else NEWEST_PLACE
        size = request.page_size or PAGE_SIZE_DEFAULT
        found = await answered(self._reference.store.history(request.key, before, size))
        last = found[-1] if len(found) == size else None
        after = () if last is None else (last.change.number, last.valid_from.toordinal())
        token = page_token(request, after) if after else ""
        return pb.ListHistoryResponse(entries=map(history_to_proto, found), next_page_token=token)

    async def RecordAction(  # noqa: N802
        self, request: pb.RecordActionRequest, call: Call
    ) -> pb.RecordActionResponse:
        """Record a split, a change of symbol, or a delisting."""
        today = self._today
        action = await answered(self._action(request, today))
        live = {
            name: entry.reference.fill(entry.listing).isin
            for name, entry in self._data.listed.items()
            if entry.listing is not None
        }
        by = _by(call, request.reason)

        async def record() -> CorporateAction:
            async with self._reference.store.writing() as writing:
                made = await actions.announce(writing, action, live, by, today)
            await self._follow(made)
            return made

        try:
            return pb.RecordActionResponse(action=action_to_proto(await answered(record())))
        except actions.RepeatedActionError as error:
            other = error.recorded
            expected = f"another day, or WithdrawAction first: {other.action_id} is the same action"
            raise wrong("effective_date", request.effective_date, expected) from error

    async def WithdrawAction(  # noqa: N802
        self, request: pb.WithdrawActionRequest, call: Call
    ) -> pb.WithdrawActionResponse:
        """Withdraw a corporate action that is not effective yet."""
        by, today = _by(call, request.reason), self._today

        async def withdraw() -> CorporateAction:
            async with self._reference.store.writing() as writing:
                action = await writing.action(request.action_id)
                if action is None or action.state is not ActionState.ANNOUNCED:
                    state = "unknown" if action is None else action.state.name.lower()
                    expected = f"the id of an announced action; this one is {state}"
                    raise wrong("action_id", request.action_id, expected)
                withdrawn = await actions.withdraw(writing, action, by, today)
            await self._follow(withdrawn)
            return withdrawn

        return pb.WithdrawActionResponse(action=action_to_proto(await answered(withdraw())))

    async def ListActions(  # noqa: N802
        self, request: pb.ListActionsRequest, _call: Call
    ) -> pb.ListActionsResponse:
        """Return corporate actions, by effective date."""
        since = date_of("date_from", request.date_from, dt.date.min)
        place = page_place(request, (int, str))
        after = (_date(place[0]), place[1]) if place else FIRST_PLACE
        size = request.page_size or PAGE_SIZE_DEFAULT
        found = await answered(self._reference.store.actions(request.key, since, after, size))
        last = found[-1] if len(found) == size else None
        where = () if last is None else (last.effective_date.toordinal(), last.action_id)
        token = page_token(request, where) if where else ""
        return pb.ListActionsResponse(actions=map(action_to_proto, found), next_page_token=token)

    @property
    def _today(self) -> dt.date:
        return self._reference.view.today()

    async def _action(self, request: pb.RecordActionRequest, today: dt.date) -> CorporateAction:
        """Read an action.

        Raises:
            MeshError: INVALID_FIELD, or INSTRUMENT_NOT_FOUND.
        """
        date = date_of("effective_date", request.effective_date, today)
        if date < today:
            expected = f"a date that is not past: {today} or later"
            raise wrong("effective_date", request.effective_date, expected)
        kind = ACTION_KINDS[request.kind]
        split = kind is ActionKind.SPLIT
        if split and (fault := wrong_split(request.new_shares, request.old_shares)):
            raise wrong(*fault)
        if not split and (request.new_shares or request.old_shares):
            raise wrong("new_shares", request.new_shares, "nothing, for it is no split")
        if (kind is ActionKind.SYMBOL_CHANGE) != bool(request.new_symbol):
            expected = "nothing" if request.new_symbol else "the new symbol, as in META"
            raise wrong("new_symbol", request.new_symbol, expected)
        isin, instrument_id = await self._named(request.key, date, split=split)
        if request.new_symbol and request.new_symbol == instrument_id.rpartition(".")[0]:
            raise wrong("new_symbol", request.new_symbol, "another symbol than the present one")
        return CorporateAction(
            action_id="", kind=kind, isin=isin, effective_date=date, instrument_id=instrument_id,
            new_shares=request.new_shares, old_shares=request.old_shares,
            new_symbol=request.new_symbol,
        )  # fmt: skip

    async def _named(self, key: str, date: dt.date, *, split: bool) -> tuple[str, str]:
        """Return the ISIN, and the listing unless all listings are affected."""
        entry = self._data.listed.get(key)
        if entry is not None and entry.listing is not None and not split:
            return entry.reference.fill(entry.listing).isin, key
        records = await self._reference.store.as_of(key, date, NEWEST)
        for record in records:
            if split and isinstance(record, InstrumentRecord) and record.isin == key:
                return key, ""
            if not split and isinstance(record, ListingRecord) and record.instrument_id == key:
                return record.isin, key
        venues = (one.listing for one in self._data.listed.values() if one.listing is not None)
        if split and any(listing.isin == key for listing in venues):
            return key, ""
        raise _not_found(key, "as an ISIN" if split else "as a listing, SYMBOL.MIC")

    async def _follow(self, action: CorporateAction) -> None:
        """Publish the listings that an action changes; on its day also what becomes effective."""
        if action.state is ActionState.ANNOUNCED and action.effective_date <= self._today:
            await self._reference.view.roll()
        await self._reference.view.changed()


def _by(call: Call, reason: str) -> By:
    principal = call.principal
    assert principal is not None, "the access rule asks for a user"
    return By(principal.subject, principal.username, reason)


def _known_at(request: pb.ExportRequest | pb.GetRecordsRequest) -> int | None:
    if not request.HasField("known_at"):
        return None
    at_ns = from_timestamp(request.known_at)
    if not 0 < at_ns < TIME_NS_MAX:
        raise wrong("known_at", request.known_at.ToJsonString(), "a time from 1970 to 2099")
    return at_ns


def _date(ordinal: int) -> dt.date:
    """Return the day of a place; that of a token which somebody made up may be none."""
    return dt.date.fromordinal(min(max(ordinal, 1), dt.date.max.toordinal()))


def _not_found(key: str, how: str) -> Exception:
    return refuse(
        "INSTRUMENT_NOT_FOUND",
        f"nothing is known of {key!r} {how}; see InstrumentService.Search",
        "key",
        instrument_id=key,
    )
