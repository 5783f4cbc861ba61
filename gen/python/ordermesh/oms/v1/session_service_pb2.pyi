from ordermesh.oms.v1 import session_pb2 as _session_pb2
from ordermesh.type.v1 import rules_pb2 as _rules_pb2
from ordermesh.type.v1 import stream_pb2 as _stream_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SessionServiceListRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SessionServiceListResponse(_message.Message):
    __slots__ = ("sessions",)
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[_session_pb2.Session]
    def __init__(self, sessions: _Optional[_Iterable[_Union[_session_pb2.Session, _Mapping]]] = ...) -> None: ...

class SessionServiceGetRequest(_message.Message):
    __slots__ = ("session_id",)
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    def __init__(self, session_id: _Optional[str] = ...) -> None: ...

class SessionServiceGetResponse(_message.Message):
    __slots__ = ("session", "actions")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    actions: _containers.RepeatedCompositeFieldContainer[_session_pb2.SessionAction]
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ..., actions: _Optional[_Iterable[_Union[_session_pb2.SessionAction, _Mapping]]] = ...) -> None: ...

class SessionServiceWatchRequest(_message.Message):
    __slots__ = ("session_id",)
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    def __init__(self, session_id: _Optional[str] = ...) -> None: ...

class SessionServiceWatchResponse(_message.Message):
    __slots__ = ("session", "heartbeat", "drain")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    session: _session_pb2.Session
    heartbeat: _stream_pb2.Heartbeat
    drain: _stream_pb2.Drain
    def __init__(self, session: _Optional[_Union[_session_pb2.Session, _Mapping]] = ..., heartbeat: _Optional[_Union[_stream_pb2.Heartbeat, _Mapping]] = ..., drain: _Optional[_Union[_stream_pb2.Drain, _Mapping]] = ...) -> None: ...

class ListActionsRequest(_message.Message):
    __slots__ = ("session_id", "page_size", "before_action_id")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    BEFORE_ACTION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    page_size: int
    before_action_id: str
    def __init__(self, session_id: _Optional[str] = ..., page_size: _Optional[int] = ..., before_action_id: _Optional[str] = ...) -> None: ...

class ListActionsResponse(_message.Message):
    __slots__ = ("actions",)
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    actions: _containers.RepeatedCompositeFieldContainer[_session_pb2.SessionAction]
    def __init__(self, actions: _Optional[_Iterable[_Union[_session_pb2.SessionAction, _Mapping]]] = ...) -> None: ...

class ProposeSequenceChangeRequest(_message.Message):
    __slots__ = ("session_id", "next_sender_msg_seq_num", "next_target_msg_seq_num", "reset", "reason", "expires_in_s")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    NEXT_SENDER_MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    NEXT_TARGET_MSG_SEQ_NUM_FIELD_NUMBER: _ClassVar[int]
    RESET_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_IN_S_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    next_sender_msg_seq_num: int
    next_target_msg_seq_num: int
    reset: bool
    reason: str
    expires_in_s: int
    def __init__(self, session_id: _Optional[str] = ..., next_sender_msg_seq_num: _Optional[int] = ..., next_target_msg_seq_num: _Optional[int] = ..., reset: _Optional[bool] = ..., reason: _Optional[str] = ..., expires_in_s: _Optional[int] = ...) -> None: ...

class ProposeSequenceChangeResponse(_message.Message):
    __slots__ = ("action",)
    ACTION_FIELD_NUMBER: _ClassVar[int]
    action: _session_pb2.SessionAction
    def __init__(self, action: _Optional[_Union[_session_pb2.SessionAction, _Mapping]] = ...) -> None: ...

class ApproveSequenceChangeRequest(_message.Message):
    __slots__ = ("action_id",)
    ACTION_ID_FIELD_NUMBER: _ClassVar[int]
    action_id: str
    def __init__(self, action_id: _Optional[str] = ...) -> None: ...

class ApproveSequenceChangeResponse(_message.Message):
    __slots__ = ("action",)
    ACTION_FIELD_NUMBER: _ClassVar[int]
    action: _session_pb2.SessionAction
    def __init__(self, action: _Optional[_Union[_session_pb2.SessionAction, _Mapping]] = ...) -> None: ...

class RejectSequenceChangeRequest(_message.Message):
    __slots__ = ("action_id", "reason")
    ACTION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    action_id: str
    reason: str
    def __init__(self, action_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RejectSequenceChangeResponse(_message.Message):
    __slots__ = ("action",)
    ACTION_FIELD_NUMBER: _ClassVar[int]
    action: _session_pb2.SessionAction
    def __init__(self, action: _Optional[_Union[_session_pb2.SessionAction, _Mapping]] = ...) -> None: ...

class DisconnectRequest(_message.Message):
    __slots__ = ("session_id", "reason")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    reason: str
    def __init__(self, session_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class DisconnectResponse(_message.Message):
    __slots__ = ("action",)
    ACTION_FIELD_NUMBER: _ClassVar[int]
    action: _session_pb2.SessionAction
    def __init__(self, action: _Optional[_Union[_session_pb2.SessionAction, _Mapping]] = ...) -> None: ...

class ConnectRequest(_message.Message):
    __slots__ = ("session_id", "reason", "now")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    NOW_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    reason: str
    now: bool
    def __init__(self, session_id: _Optional[str] = ..., reason: _Optional[str] = ..., now: _Optional[bool] = ...) -> None: ...

class ConnectResponse(_message.Message):
    __slots__ = ("action",)
    ACTION_FIELD_NUMBER: _ClassVar[int]
    action: _session_pb2.SessionAction
    def __init__(self, action: _Optional[_Union[_session_pb2.SessionAction, _Mapping]] = ...) -> None: ...

class HandOverRequest(_message.Message):
    __slots__ = ("session_id", "reason")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    reason: str
    def __init__(self, session_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class HandOverResponse(_message.Message):
    __slots__ = ("action",)
    ACTION_FIELD_NUMBER: _ClassVar[int]
    action: _session_pb2.SessionAction
    def __init__(self, action: _Optional[_Union[_session_pb2.SessionAction, _Mapping]] = ...) -> None: ...
