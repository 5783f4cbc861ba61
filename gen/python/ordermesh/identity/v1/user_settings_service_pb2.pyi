from ordermesh.identity.v1 import user_setting_pb2 as _user_setting_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from ordermesh.type.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PutUserSettingRequest(_message.Message):
    __slots__ = ("setting", "expected_revision")
    SETTING_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    setting: _user_setting_pb2.UserSetting
    expected_revision: int
    def __init__(self, setting: _Optional[_Union[_user_setting_pb2.UserSetting, _Mapping]] = ..., expected_revision: _Optional[int] = ...) -> None: ...

class PutUserSettingResponse(_message.Message):
    __slots__ = ("setting",)
    SETTING_FIELD_NUMBER: _ClassVar[int]
    setting: _user_setting_pb2.UserSetting
    def __init__(self, setting: _Optional[_Union[_user_setting_pb2.UserSetting, _Mapping]] = ...) -> None: ...

class RenameUserSettingRequest(_message.Message):
    __slots__ = ("kind", "name", "new_name", "expected_revision")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NEW_NAME_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    kind: _user_setting_pb2.UserSettingKind
    name: str
    new_name: str
    expected_revision: int
    def __init__(self, kind: _Optional[_Union[_user_setting_pb2.UserSettingKind, str]] = ..., name: _Optional[str] = ..., new_name: _Optional[str] = ..., expected_revision: _Optional[int] = ...) -> None: ...

class RenameUserSettingResponse(_message.Message):
    __slots__ = ("setting",)
    SETTING_FIELD_NUMBER: _ClassVar[int]
    setting: _user_setting_pb2.UserSetting
    def __init__(self, setting: _Optional[_Union[_user_setting_pb2.UserSetting, _Mapping]] = ...) -> None: ...

class DeleteUserSettingRequest(_message.Message):
    __slots__ = ("kind", "name", "expected_revision")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    kind: _user_setting_pb2.UserSettingKind
    name: str
    expected_revision: int
    def __init__(self, kind: _Optional[_Union[_user_setting_pb2.UserSettingKind, str]] = ..., name: _Optional[str] = ..., expected_revision: _Optional[int] = ...) -> None: ...

class DeleteUserSettingResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListUserSettingsRequest(_message.Message):
    __slots__ = ("kind",)
    KIND_FIELD_NUMBER: _ClassVar[int]
    kind: _user_setting_pb2.UserSettingKind
    def __init__(self, kind: _Optional[_Union[_user_setting_pb2.UserSettingKind, str]] = ...) -> None: ...

class ListUserSettingsResponse(_message.Message):
    __slots__ = ("settings",)
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    settings: _containers.RepeatedCompositeFieldContainer[_user_setting_pb2.UserSetting]
    def __init__(self, settings: _Optional[_Iterable[_Union[_user_setting_pb2.UserSetting, _Mapping]]] = ...) -> None: ...

class WatchUserSettingsRequest(_message.Message):
    __slots__ = ("cursor", "heartbeat_s")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_S_FIELD_NUMBER: _ClassVar[int]
    cursor: _stream_pb2.Cursor
    heartbeat_s: int
    def __init__(self, cursor: _Optional[_Union[_stream_pb2.Cursor, _Mapping]] = ..., heartbeat_s: _Optional[int] = ...) -> None: ...

class WatchUserSettingsResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_user_setting_pb2.UserSettingItem]
    def __init__(self, items: _Optional[_Iterable[_Union[_user_setting_pb2.UserSettingItem, _Mapping]]] = ...) -> None: ...
