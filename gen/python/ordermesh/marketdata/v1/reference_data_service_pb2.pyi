import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.marketdata.v1 import instrument_pb2 as _instrument_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ImportRequest(_message.Message):
    __slots__ = ("csv", "reason", "valid_from", "dry_run")
    CSV_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    csv: bytes
    reason: str
    valid_from: str
    dry_run: bool
    def __init__(self, csv: _Optional[bytes] = ..., reason: _Optional[str] = ..., valid_from: _Optional[str] = ..., dry_run: _Optional[bool] = ...) -> None: ...

class ImportResponse(_message.Message):
    __slots__ = ("changed", "unchanged", "faults", "fault_count", "change_id")
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    FAULT_COUNT_FIELD_NUMBER: _ClassVar[int]
    CHANGE_ID_FIELD_NUMBER: _ClassVar[int]
    changed: int
    unchanged: int
    faults: _containers.RepeatedCompositeFieldContainer[RowFault]
    fault_count: int
    change_id: str
    def __init__(self, changed: _Optional[int] = ..., unchanged: _Optional[int] = ..., faults: _Optional[_Iterable[_Union[RowFault, _Mapping]]] = ..., fault_count: _Optional[int] = ..., change_id: _Optional[str] = ...) -> None: ...

class RowFault(_message.Message):
    __slots__ = ("line", "field", "value", "expected")
    LINE_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    line: int
    field: str
    value: str
    expected: str
    def __init__(self, line: _Optional[int] = ..., field: _Optional[str] = ..., value: _Optional[str] = ..., expected: _Optional[str] = ...) -> None: ...

class ExportRequest(_message.Message):
    __slots__ = ("date", "known_at", "page_token")
    DATE_FIELD_NUMBER: _ClassVar[int]
    KNOWN_AT_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    date: str
    known_at: _timestamp_pb2.Timestamp
    page_token: str
    def __init__(self, date: _Optional[str] = ..., known_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_token: _Optional[str] = ...) -> None: ...

class ExportResponse(_message.Message):
    __slots__ = ("csv", "next_page_token")
    CSV_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    csv: str
    next_page_token: str
    def __init__(self, csv: _Optional[str] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class InstrumentRecord(_message.Message):
    __slots__ = ("isin", "cfi_code", "kind", "name", "issuer")
    ISIN_FIELD_NUMBER: _ClassVar[int]
    CFI_CODE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    isin: str
    cfi_code: str
    kind: _instrument_pb2.InstrumentKind
    name: str
    issuer: str
    def __init__(self, isin: _Optional[str] = ..., cfi_code: _Optional[str] = ..., kind: _Optional[_Union[_instrument_pb2.InstrumentKind, str]] = ..., name: _Optional[str] = ..., issuer: _Optional[str] = ...) -> None: ...

class ListingRecord(_message.Message):
    __slots__ = ("instrument_id", "isin", "currency", "lot_size", "tick_table", "min_quantity", "max_quantity", "ended", "calendar")
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ISIN_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    LOT_SIZE_FIELD_NUMBER: _ClassVar[int]
    TICK_TABLE_FIELD_NUMBER: _ClassVar[int]
    MIN_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    MAX_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_FIELD_NUMBER: _ClassVar[int]
    instrument_id: str
    isin: str
    currency: str
    lot_size: str
    tick_table: _containers.RepeatedCompositeFieldContainer[_instrument_pb2.TickBand]
    min_quantity: str
    max_quantity: str
    ended: bool
    calendar: str
    def __init__(self, instrument_id: _Optional[str] = ..., isin: _Optional[str] = ..., currency: _Optional[str] = ..., lot_size: _Optional[str] = ..., tick_table: _Optional[_Iterable[_Union[_instrument_pb2.TickBand, _Mapping]]] = ..., min_quantity: _Optional[str] = ..., max_quantity: _Optional[str] = ..., ended: _Optional[bool] = ..., calendar: _Optional[str] = ...) -> None: ...

class GetRecordsRequest(_message.Message):
    __slots__ = ("key", "date", "known_at")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    KNOWN_AT_FIELD_NUMBER: _ClassVar[int]
    key: str
    date: str
    known_at: _timestamp_pb2.Timestamp
    def __init__(self, key: _Optional[str] = ..., date: _Optional[str] = ..., known_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetRecordsResponse(_message.Message):
    __slots__ = ("instrument", "listings")
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    LISTINGS_FIELD_NUMBER: _ClassVar[int]
    instrument: InstrumentRecord
    listings: _containers.RepeatedCompositeFieldContainer[ListingRecord]
    def __init__(self, instrument: _Optional[_Union[InstrumentRecord, _Mapping]] = ..., listings: _Optional[_Iterable[_Union[ListingRecord, _Mapping]]] = ...) -> None: ...

class ListHistoryRequest(_message.Message):
    __slots__ = ("key", "page_size", "page_token")
    KEY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    key: str
    page_size: int
    page_token: str
    def __init__(self, key: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListHistoryResponse(_message.Message):
    __slots__ = ("entries", "next_page_token")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[HistoryEntry]
    next_page_token: str
    def __init__(self, entries: _Optional[_Iterable[_Union[HistoryEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class HistoryEntry(_message.Message):
    __slots__ = ("valid_from", "recorded_at", "username", "reason", "instrument", "listing", "change_id")
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    LISTING_FIELD_NUMBER: _ClassVar[int]
    CHANGE_ID_FIELD_NUMBER: _ClassVar[int]
    valid_from: str
    recorded_at: _timestamp_pb2.Timestamp
    username: str
    reason: str
    instrument: InstrumentRecord
    listing: ListingRecord
    change_id: str
    def __init__(self, valid_from: _Optional[str] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., username: _Optional[str] = ..., reason: _Optional[str] = ..., instrument: _Optional[_Union[InstrumentRecord, _Mapping]] = ..., listing: _Optional[_Union[ListingRecord, _Mapping]] = ..., change_id: _Optional[str] = ...) -> None: ...

class RecordActionRequest(_message.Message):
    __slots__ = ("kind", "key", "effective_date", "new_shares", "old_shares", "new_symbol", "reason")
    KIND_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_DATE_FIELD_NUMBER: _ClassVar[int]
    NEW_SHARES_FIELD_NUMBER: _ClassVar[int]
    OLD_SHARES_FIELD_NUMBER: _ClassVar[int]
    NEW_SYMBOL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    kind: _instrument_pb2.CorporateActionKind
    key: str
    effective_date: str
    new_shares: str
    old_shares: str
    new_symbol: str
    reason: str
    def __init__(self, kind: _Optional[_Union[_instrument_pb2.CorporateActionKind, str]] = ..., key: _Optional[str] = ..., effective_date: _Optional[str] = ..., new_shares: _Optional[str] = ..., old_shares: _Optional[str] = ..., new_symbol: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RecordActionResponse(_message.Message):
    __slots__ = ("action",)
    ACTION_FIELD_NUMBER: _ClassVar[int]
    action: _instrument_pb2.CorporateAction
    def __init__(self, action: _Optional[_Union[_instrument_pb2.CorporateAction, _Mapping]] = ...) -> None: ...

class WithdrawActionRequest(_message.Message):
    __slots__ = ("action_id", "reason")
    ACTION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    action_id: str
    reason: str
    def __init__(self, action_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class WithdrawActionResponse(_message.Message):
    __slots__ = ("action",)
    ACTION_FIELD_NUMBER: _ClassVar[int]
    action: _instrument_pb2.CorporateAction
    def __init__(self, action: _Optional[_Union[_instrument_pb2.CorporateAction, _Mapping]] = ...) -> None: ...

class ListActionsRequest(_message.Message):
    __slots__ = ("key", "date_from", "page_size", "page_token")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DATE_FROM_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    key: str
    date_from: str
    page_size: int
    page_token: str
    def __init__(self, key: _Optional[str] = ..., date_from: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListActionsResponse(_message.Message):
    __slots__ = ("actions", "next_page_token")
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    actions: _containers.RepeatedCompositeFieldContainer[_instrument_pb2.CorporateAction]
    next_page_token: str
    def __init__(self, actions: _Optional[_Iterable[_Union[_instrument_pb2.CorporateAction, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
