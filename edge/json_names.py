"""The names of the fields of JSON requests, for the filter that refuses any other name.

Envoy's transcoder skips a field that does not exist, so a misspelt `holdForApproval` would send
an order that should wait. `envoy/json_names.lua` compares the names with the tables made here.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorSet,
)

SCRIPT = Path(__file__).parent.parent / "envoy" / "json_names.lua"
FREE = 0
"""The type of a value without fields, as in the script."""
WELL_KNOWN = "google.protobuf."
WITHOUT_FIELDS = frozenset({"Timestamp", "Duration", "FieldMask"})
"""Well-known messages that are one text in JSON."""


class UnknownJsonError(ValueError):
    """A request has a field whose form in JSON is not known here."""


def script(files: FileDescriptorSet, services: Iterable[str]) -> str:
    """Return the Lua script for the rpcs of these services.

    Raises:
        UnknownJsonError: A request contains a well-known message that is not a text in JSON.
    """
    tables = _Tables(files)
    roots: dict[str, int] = {}
    for file in files.file:
        for service in file.service:
            name = f"{file.package}.{service.name}"
            if name in services:
                for rpc in service.method:
                    roots[f"/{name}/{rpc.name}"] = tables.index_of(rpc.input_type)
    messages = ",\n".join(_lua(tables.made[index]) for index in range(1, len(tables.made) + 1))
    return (
        f"local MESSAGES = {{\n{messages}\n}}\nlocal ROOTS = {_lua(dict(sorted(roots.items())))}\n"
        f"{SCRIPT.read_text(encoding='utf-8')}"
    )


class _Tables:
    """Gives every message that a request contains an index, and its table."""

    def __init__(self, files: FileDescriptorSet) -> None:
        self._messages: dict[str, DescriptorProto] = {}
        for file in files.file:
            self._collect(f".{file.package}", file.message_type)
        self._indices: dict[str, int] = {}
        self.made: dict[int, dict[str, Any]] = {}

    def _collect(self, scope: str, messages: Iterable[DescriptorProto]) -> None:
        for message in messages:
            name = f"{scope}.{message.name}"
            self._messages[name] = message
            self._collect(name, message.nested_type)

    def index_of(self, type_name: str) -> int:
        """Return the index of a message; a table is made when it is first asked for."""
        if type_name in self._indices:
            return self._indices[type_name]
        index = self._indices[type_name] = len(self._indices) + 1
        fields: dict[str, int] = {}
        proto: dict[str, str] = {}
        for field in self._messages[type_name].field:
            fields[field.json_name] = self._type_of(field)
            if field.name != field.json_name:
                proto[field.name] = field.json_name
        self.made[index] = {"name": type_name.lstrip("."), "fields": fields, "proto": proto}
        return index

    def _type_of(self, field: FieldDescriptorProto) -> int:
        if field.type != FieldDescriptorProto.TYPE_MESSAGE:
            return FREE
        package, _, name = field.type_name.lstrip(".").rpartition(".")
        if f"{package}." == WELL_KNOWN:
            if name in WITHOUT_FIELDS:
                return FREE
            raise UnknownJsonError(f"{field.name} is a {field.type_name}: not one text in JSON")
        message = self._messages[field.type_name]
        if message.options.map_entry:
            return -self._type_of(message.field[1]) - 1
        return self.index_of(field.type_name)


def _lua(table: Any) -> str:
    """Write a table; names and texts of contracts have no character that must be escaped."""
    if isinstance(table, int):
        return str(table)
    if isinstance(table, str):
        return f'"{table}"'
    return "{" + ", ".join(f'["{key}"] = {_lua(value)}' for key, value in table.items()) + "}"
