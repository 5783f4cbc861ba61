import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from ordermesh.type.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UserSettingKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    USER_SETTING_KIND_UNSPECIFIED: _ClassVar[UserSettingKind]
    USER_SETTING_KIND_LAYOUT: _ClassVar[UserSettingKind]
    USER_SETTING_KIND_WATCHLIST: _ClassVar[UserSettingKind]
    USER_SETTING_KIND_PREFERENCES: _ClassVar[UserSettingKind]
    USER_SETTING_KIND_BLOTTER: _ClassVar[UserSettingKind]

class ScreenTheme(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCREEN_THEME_UNSPECIFIED: _ClassVar[ScreenTheme]
    SCREEN_THEME_DARK: _ClassVar[ScreenTheme]
    SCREEN_THEME_LIGHT: _ClassVar[ScreenTheme]

class ScreenTime(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCREEN_TIME_UNSPECIFIED: _ClassVar[ScreenTime]
    SCREEN_TIME_UTC: _ClassVar[ScreenTime]
    SCREEN_TIME_VENUE: _ClassVar[ScreenTime]

class ScreenDensity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCREEN_DENSITY_UNSPECIFIED: _ClassVar[ScreenDensity]
    SCREEN_DENSITY_COMPACT: _ClassVar[ScreenDensity]
    SCREEN_DENSITY_COMFORTABLE: _ClassVar[ScreenDensity]
USER_SETTING_KIND_UNSPECIFIED: UserSettingKind
USER_SETTING_KIND_LAYOUT: UserSettingKind
USER_SETTING_KIND_WATCHLIST: UserSettingKind
USER_SETTING_KIND_PREFERENCES: UserSettingKind
USER_SETTING_KIND_BLOTTER: UserSettingKind
SCREEN_THEME_UNSPECIFIED: ScreenTheme
SCREEN_THEME_DARK: ScreenTheme
SCREEN_THEME_LIGHT: ScreenTheme
SCREEN_TIME_UNSPECIFIED: ScreenTime
SCREEN_TIME_UTC: ScreenTime
SCREEN_TIME_VENUE: ScreenTime
SCREEN_DENSITY_UNSPECIFIED: ScreenDensity
SCREEN_DENSITY_COMPACT: ScreenDensity
SCREEN_DENSITY_COMFORTABLE: ScreenDensity

class UserSetting(_message.Message):
    __slots__ = ("name", "revision", "changed_at", "layout", "watchlist", "preferences", "blotter")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CHANGED_AT_FIELD_NUMBER: _ClassVar[int]
    LAYOUT_FIELD_NUMBER: _ClassVar[int]
    WATCHLIST_FIELD_NUMBER: _ClassVar[int]
    PREFERENCES_FIELD_NUMBER: _ClassVar[int]
    BLOTTER_FIELD_NUMBER: _ClassVar[int]
    name: str
    revision: int
    changed_at: _timestamp_pb2.Timestamp
    layout: LayoutSetting
    watchlist: WatchlistSetting
    preferences: PreferencesSetting
    blotter: BlotterSetting
    def __init__(self, name: _Optional[str] = ..., revision: _Optional[int] = ..., changed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., layout: _Optional[_Union[LayoutSetting, _Mapping]] = ..., watchlist: _Optional[_Union[WatchlistSetting, _Mapping]] = ..., preferences: _Optional[_Union[PreferencesSetting, _Mapping]] = ..., blotter: _Optional[_Union[BlotterSetting, _Mapping]] = ...) -> None: ...

class LayoutSetting(_message.Message):
    __slots__ = ("version", "json")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    version: int
    json: str
    def __init__(self, version: _Optional[int] = ..., json: _Optional[str] = ...) -> None: ...

class WatchlistSetting(_message.Message):
    __slots__ = ("instrument_ids", "columns", "consolidated")
    INSTRUMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    CONSOLIDATED_FIELD_NUMBER: _ClassVar[int]
    instrument_ids: _containers.RepeatedScalarFieldContainer[str]
    columns: _containers.RepeatedScalarFieldContainer[str]
    consolidated: bool
    def __init__(self, instrument_ids: _Optional[_Iterable[str]] = ..., columns: _Optional[_Iterable[str]] = ..., consolidated: _Optional[bool] = ...) -> None: ...

class PreferencesSetting(_message.Message):
    __slots__ = ("theme", "time", "density", "layout", "watchlist")
    THEME_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    DENSITY_FIELD_NUMBER: _ClassVar[int]
    LAYOUT_FIELD_NUMBER: _ClassVar[int]
    WATCHLIST_FIELD_NUMBER: _ClassVar[int]
    theme: ScreenTheme
    time: ScreenTime
    density: ScreenDensity
    layout: str
    watchlist: str
    def __init__(self, theme: _Optional[_Union[ScreenTheme, str]] = ..., time: _Optional[_Union[ScreenTime, str]] = ..., density: _Optional[_Union[ScreenDensity, str]] = ..., layout: _Optional[str] = ..., watchlist: _Optional[str] = ...) -> None: ...

class BlotterSetting(_message.Message):
    __slots__ = ("columns", "sort", "filters")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    SORT_FIELD_NUMBER: _ClassVar[int]
    FILTERS_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedCompositeFieldContainer[BlotterColumn]
    sort: _containers.RepeatedCompositeFieldContainer[BlotterSort]
    filters: _containers.RepeatedCompositeFieldContainer[BlotterFilter]
    def __init__(self, columns: _Optional[_Iterable[_Union[BlotterColumn, _Mapping]]] = ..., sort: _Optional[_Iterable[_Union[BlotterSort, _Mapping]]] = ..., filters: _Optional[_Iterable[_Union[BlotterFilter, _Mapping]]] = ...) -> None: ...

class BlotterColumn(_message.Message):
    __slots__ = ("column", "width_px")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    column: str
    width_px: int
    def __init__(self, column: _Optional[str] = ..., width_px: _Optional[int] = ...) -> None: ...

class BlotterSort(_message.Message):
    __slots__ = ("column", "descending")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    DESCENDING_FIELD_NUMBER: _ClassVar[int]
    column: str
    descending: bool
    def __init__(self, column: _Optional[str] = ..., descending: _Optional[bool] = ...) -> None: ...

class BlotterFilter(_message.Message):
    __slots__ = ("column", "text")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    column: str
    text: str
    def __init__(self, column: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class UserSettingRemoved(_message.Message):
    __slots__ = ("kind", "name", "revision")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    kind: UserSettingKind
    name: str
    revision: int
    def __init__(self, kind: _Optional[_Union[UserSettingKind, str]] = ..., name: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class UserSettingItem(_message.Message):
    __slots__ = ("snapshot", "changed", "removed", "snapshot_complete", "heartbeat", "resync", "drain", "gap")
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    RESYNC_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    snapshot: UserSetting
    changed: UserSetting
    removed: UserSettingRemoved
    snapshot_complete: _stream_pb2.SnapshotComplete
    heartbeat: _stream_pb2.Heartbeat
    resync: _stream_pb2.Resync
    drain: _stream_pb2.Drain
    gap: _stream_pb2.Gap
    def __init__(self, snapshot: _Optional[_Union[UserSetting, _Mapping]] = ..., changed: _Optional[_Union[UserSetting, _Mapping]] = ..., removed: _Optional[_Union[UserSettingRemoved, _Mapping]] = ..., snapshot_complete: _Optional[_Union[_stream_pb2.SnapshotComplete, _Mapping]] = ..., heartbeat: _Optional[_Union[_stream_pb2.Heartbeat, _Mapping]] = ..., resync: _Optional[_Union[_stream_pb2.Resync, _Mapping]] = ..., drain: _Optional[_Union[_stream_pb2.Drain, _Mapping]] = ..., gap: _Optional[_Union[_stream_pb2.Gap, _Mapping]] = ...) -> None: ...
