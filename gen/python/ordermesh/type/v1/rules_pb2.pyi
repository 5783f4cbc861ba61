from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NamedRule(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NAMED_RULE_UNSPECIFIED: _ClassVar[NamedRule]
    NAMED_RULE_IDEMPOTENCY_KEY: _ClassVar[NamedRule]
    NAMED_RULE_OBJECT_ID: _ClassVar[NamedRule]
    NAMED_RULE_ACCOUNT_ID: _ClassVar[NamedRule]
    NAMED_RULE_EXISTING_ACCOUNT: _ClassVar[NamedRule]
    NAMED_RULE_INSTRUMENT_ID: _ClassVar[NamedRule]
    NAMED_RULE_VENUE_MIC: _ClassVar[NamedRule]
    NAMED_RULE_SESSION_ID: _ClassVar[NamedRule]
    NAMED_RULE_EXISTING_SESSION: _ClassVar[NamedRule]
    NAMED_RULE_SHORT_CODE: _ClassVar[NamedRule]
    NAMED_RULE_DECIMAL: _ClassVar[NamedRule]
    NAMED_RULE_POSITIVE_DECIMAL: _ClassVar[NamedRule]
    NAMED_RULE_DECIMAL_NOT_NEGATIVE: _ClassVar[NamedRule]
    NAMED_RULE_REASON: _ClassVar[NamedRule]
    NAMED_RULE_SHORT_REASON: _ClassVar[NamedRule]
    NAMED_RULE_DETAILED_REASON: _ClassVar[NamedRule]
    NAMED_RULE_PAGE_SIZE: _ClassVar[NamedRule]
    NAMED_RULE_LARGE_PAGE_SIZE: _ClassVar[NamedRule]
    NAMED_RULE_PAGE_TOKEN: _ClassVar[NamedRule]
    NAMED_RULE_DATE: _ClassVar[NamedRule]
    NAMED_RULE_ISIN: _ClassVar[NamedRule]
    NAMED_RULE_CURRENCY: _ClassVar[NamedRule]
    NAMED_RULE_COLUMN: _ClassVar[NamedRule]
NAMED_RULE_UNSPECIFIED: NamedRule
NAMED_RULE_IDEMPOTENCY_KEY: NamedRule
NAMED_RULE_OBJECT_ID: NamedRule
NAMED_RULE_ACCOUNT_ID: NamedRule
NAMED_RULE_EXISTING_ACCOUNT: NamedRule
NAMED_RULE_INSTRUMENT_ID: NamedRule
NAMED_RULE_VENUE_MIC: NamedRule
NAMED_RULE_SESSION_ID: NamedRule
NAMED_RULE_EXISTING_SESSION: NamedRule
NAMED_RULE_SHORT_CODE: NamedRule
NAMED_RULE_DECIMAL: NamedRule
NAMED_RULE_POSITIVE_DECIMAL: NamedRule
NAMED_RULE_DECIMAL_NOT_NEGATIVE: NamedRule
NAMED_RULE_REASON: NamedRule
NAMED_RULE_SHORT_REASON: NamedRule
NAMED_RULE_DETAILED_REASON: NamedRule
NAMED_RULE_PAGE_SIZE: NamedRule
NAMED_RULE_LARGE_PAGE_SIZE: NamedRule
NAMED_RULE_PAGE_TOKEN: NamedRule
NAMED_RULE_DATE: NamedRule
NAMED_RULE_ISIN: NamedRule
NAMED_RULE_CURRENCY: NamedRule
NAMED_RULE_COLUMN: NamedRule
RULES_FIELD_NUMBER: _ClassVar[int]
rules: _descriptor.FieldDescriptor
DEFINITION_FIELD_NUMBER: _ClassVar[int]
definition: _descriptor.FieldDescriptor

class FieldRules(_message.Message):
    __slots__ = ("required", "decimal", "string", "integer", "repeated", "named")
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    DECIMAL_FIELD_NUMBER: _ClassVar[int]
    STRING_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    REPEATED_FIELD_NUMBER: _ClassVar[int]
    NAMED_FIELD_NUMBER: _ClassVar[int]
    required: bool
    decimal: DecimalRules
    string: StringRules
    integer: IntegerRules
    repeated: RepeatedRules
    named: NamedRule
    def __init__(self, required: _Optional[bool] = ..., decimal: _Optional[_Union[DecimalRules, _Mapping]] = ..., string: _Optional[_Union[StringRules, _Mapping]] = ..., integer: _Optional[_Union[IntegerRules, _Mapping]] = ..., repeated: _Optional[_Union[RepeatedRules, _Mapping]] = ..., named: _Optional[_Union[NamedRule, str]] = ...) -> None: ...

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
