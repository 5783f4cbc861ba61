from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor
RULES_FIELD_NUMBER: _ClassVar[int]
rules: _descriptor.FieldDescriptor

class FieldRules(_message.Message):
    __slots__ = ("required", "decimal", "string", "integer", "repeated")
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    DECIMAL_FIELD_NUMBER: _ClassVar[int]
    STRING_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    REPEATED_FIELD_NUMBER: _ClassVar[int]
    required: bool
    decimal: DecimalRules
    string: StringRules
    integer: IntegerRules
    repeated: RepeatedRules
    def __init__(self, required: _Optional[bool] = ..., decimal: _Optional[_Union[DecimalRules, _Mapping]] = ..., string: _Optional[_Union[StringRules, _Mapping]] = ..., integer: _Optional[_Union[IntegerRules, _Mapping]] = ..., repeated: _Optional[_Union[RepeatedRules, _Mapping]] = ...) -> None: ...

class DecimalRules(_message.Message):
    __slots__ = ("positive", "not_negative")
    POSITIVE_FIELD_NUMBER: _ClassVar[int]
    NOT_NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    positive: bool
    not_negative: bool
    def __init__(self, positive: _Optional[bool] = ..., not_negative: _Optional[bool] = ...) -> None: ...

class StringRules(_message.Message):
    __slots__ = ("min_length", "max_length", "pattern", "pattern_words")
    MIN_LENGTH_FIELD_NUMBER: _ClassVar[int]
    MAX_LENGTH_FIELD_NUMBER: _ClassVar[int]
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    PATTERN_WORDS_FIELD_NUMBER: _ClassVar[int]
    min_length: int
    max_length: int
    pattern: str
    pattern_words: str
    def __init__(self, min_length: _Optional[int] = ..., max_length: _Optional[int] = ..., pattern: _Optional[str] = ..., pattern_words: _Optional[str] = ...) -> None: ...

class IntegerRules(_message.Message):
    __slots__ = ("minimum", "maximum")
    MINIMUM_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    minimum: int
    maximum: int
    def __init__(self, minimum: _Optional[int] = ..., maximum: _Optional[int] = ...) -> None: ...

class RepeatedRules(_message.Message):
    __slots__ = ("min_items", "max_items")
    MIN_ITEMS_FIELD_NUMBER: _ClassVar[int]
    MAX_ITEMS_FIELD_NUMBER: _ClassVar[int]
    min_items: int
    max_items: int
    def __init__(self, min_items: _Optional[int] = ..., max_items: _Optional[int] = ...) -> None: ...
