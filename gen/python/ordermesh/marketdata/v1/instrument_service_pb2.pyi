from ordermesh.marketdata.v1 import instrument_pb2 as _instrument_pb2
from ordermesh.marketdata.v1 import market_data_pb2 as _market_data_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetRequest(_message.Message):
    __slots__ = ("instrument_id",)
    INSTRUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    instrument_id: str
    def __init__(self, instrument_id: _Optional[str] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("instrument",)
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    instrument: _instrument_pb2.Instrument
    def __init__(self, instrument: _Optional[_Union[_instrument_pb2.Instrument, _Mapping]] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ("venue_mic", "isin", "text", "page_size", "page_token")
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    ISIN_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    venue_mic: str
    isin: str
    text: str
    page_size: int
    page_token: str
    def __init__(self, venue_mic: _Optional[str] = ..., isin: _Optional[str] = ..., text: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListResponse(_message.Message):
    __slots__ = ("instruments", "next_page_token", "left_out")
    INSTRUMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    instruments: _containers.RepeatedCompositeFieldContainer[_instrument_pb2.Instrument]
    next_page_token: str
    left_out: _containers.RepeatedCompositeFieldContainer[_instrument_pb2.LeftOutListing]
    def __init__(self, instruments: _Optional[_Iterable[_Union[_instrument_pb2.Instrument, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., left_out: _Optional[_Iterable[_Union[_instrument_pb2.LeftOutListing, _Mapping]]] = ...) -> None: ...

class InstrumentServiceWatchRequest(_message.Message):
    __slots__ = ("venue_mic",)
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    venue_mic: str
    def __init__(self, venue_mic: _Optional[str] = ...) -> None: ...

class InstrumentServiceWatchResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_market_data_pb2.MarketDataItem]
    def __init__(self, items: _Optional[_Iterable[_Union[_market_data_pb2.MarketDataItem, _Mapping]]] = ...) -> None: ...

class SearchRequest(_message.Message):
    __slots__ = ("text", "kinds", "venue_mic", "page_size", "page_token")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    VENUE_MIC_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    text: str
    kinds: _containers.RepeatedScalarFieldContainer[_instrument_pb2.InstrumentKind]
    venue_mic: str
    page_size: int
    page_token: str
    def __init__(self, text: _Optional[str] = ..., kinds: _Optional[_Iterable[_Union[_instrument_pb2.InstrumentKind, str]]] = ..., venue_mic: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class SearchResponse(_message.Message):
    __slots__ = ("instruments", "next_page_token")
    INSTRUMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    instruments: _containers.RepeatedCompositeFieldContainer[FoundInstrument]
    next_page_token: str
    def __init__(self, instruments: _Optional[_Iterable[_Union[FoundInstrument, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class FoundInstrument(_message.Message):
    __slots__ = ("isin", "listings", "name", "issuer", "kind", "cfi_code", "score")
    ISIN_FIELD_NUMBER: _ClassVar[int]
    LISTINGS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CFI_CODE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    isin: str
    listings: _containers.RepeatedCompositeFieldContainer[_instrument_pb2.Instrument]
    name: str
    issuer: str
    kind: _instrument_pb2.InstrumentKind
    cfi_code: str
    score: int
    def __init__(self, isin: _Optional[str] = ..., listings: _Optional[_Iterable[_Union[_instrument_pb2.Instrument, _Mapping]]] = ..., name: _Optional[str] = ..., issuer: _Optional[str] = ..., kind: _Optional[_Union[_instrument_pb2.InstrumentKind, str]] = ..., cfi_code: _Optional[str] = ..., score: _Optional[int] = ...) -> None: ...
