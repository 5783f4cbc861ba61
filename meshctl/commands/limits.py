"""`ordermesh limits list`, `usage`, `apply`: pre-trade controls from the terminal."""

import uuid
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import yaml
from google.protobuf.json_format import ParseDict, ParseError
from rich.table import Table

from meshctl.client import MeshClient
from meshctl.commands.common import AccountOption, JsonOption, console, emit, run, usage_error
from meshctl.errors import MeshRefusedError
from ordermesh.oms.v1 import limit_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb

PAGE: Final = 500
# Enumerations whose values may be written without their prefix.
PREFIXES: Final = {
    "kind": "LIMIT_KIND_",
    "scope": "LIMIT_SCOPE_",
    "permission": "PERMISSION_MODE_",
    "self_match": "SELF_MATCH_POLICY_",
}


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    limits = typer.Typer(no_args_is_help=True, help="Pre-trade controls: list, usage, apply.")
    limits.command("list")(list_limits)
    limits.command()(usage)
    limits.command()(apply)
    app.add_typer(limits, name="limits")


def list_limits(account: AccountOption = "", *, as_json: JsonOption = False) -> None:
    """Show the limits in force; of one account, or of all this login may see."""

    async def work(mesh: MeshClient) -> None:
        found = await in_force(mesh, account)
        if as_json:
            for limit in found:
                emit(limit)
            return
        table = Table("kind", "range", "values", "version", "set by", "reason", "limit")
        for limit in found:
            table.add_row(
                _name(limit),
                _range(limit.range),
                _values(limit.values),
                str(limit.version),
                limit.set_by,
                limit.reason,
                limit.limit_id,
            )
        console.print(table)

    run(work)


def usage(account: AccountOption = "", *, as_json: JsonOption = False) -> None:
    """Show how far an account has used each of its limits."""

    async def work(mesh: MeshClient) -> None:
        name = account or next(iter(mesh.session.accounts), "")
        if not name:
            usage_error("name an account: this login has none of its own")
        answer = await mesh.limits("GetUsage", pb.GetUsageRequest(account_id=name))
        if as_json:
            emit(answer)
            return
        table = Table("kind", "of", "used", "maximum", "unit", "limit")
        for use in answer.uses:
            table.add_row(
                _name(use.limit),
                use.subject,
                use.used,
                use.maximum,
                use.unit,
                f"{use.limit.limit_id} version {use.limit.version}",
            )
        console.print(table)
        for stop in answer.stops:
            console.print(
                f"[red]stopped[/] {stop.strategy} in {stop.instrument_id}: "
                f"{stop.executions} executions"
            )

    run(work)


def apply(
    file: Annotated[Path, typer.Argument(help="YAML as in config/limits.rts6.example.yaml.")],
) -> None:
    """Set the limits of a file; those that say the same already are left alone."""
    reason, wanted = read_limits(file)

    async def work(mesh: MeshClient) -> None:
        known = {_identity(each): each for each in await in_force(mesh, "")}
        for limit in wanted:
            now = known.get(_identity(limit))
            what = f"{_name(limit)} of {_range(limit.range)}: {_values(limit.values)}"
            if now is not None and now.values == limit.values:
                console.print(f"unchanged {what}", style="dim", highlight=False)
                continue
            version = await set_limit(mesh, limit, reason, now.version if now else 0)
            console.print(f"set version {version} {what}", highlight=False)

    run(work)


async def set_limit(mesh: MeshClient, limit: limit_pb2.Limit, reason: str, version: int) -> int:
    """Set a limit; one that ended before goes on from its last version."""
    request = pb.SetLimitRequest(
        idempotency_key=str(uuid.uuid4()),
        kind=limit.kind,
        range=limit.range,
        values=limit.values,
        reason=reason,
        expected_version=version,
    )
    try:
        answer = await mesh.limits("SetLimit", request)
    except MeshRefusedError as error:
        if version or error.reason != "STALE_VERSION":
            raise
        request.expected_version = int(error.metadata["version"])
        answer = await mesh.limits("SetLimit", request)
    return int(answer.limit.version)


async def in_force(mesh: MeshClient, account: str) -> list[limit_pb2.Limit]:
    """Return all limits in force."""
    request = pb.ListLimitsRequest(account_id=account, page_size=PAGE)
    found: list[limit_pb2.Limit] = []
    while True:
        answer = await mesh.limits("ListLimits", request)
        found += answer.limits
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


def read_limits(file: Path) -> tuple[str, list[limit_pb2.Limit]]:
    """Read a file of limits; leave with the usage exit code when it is none."""
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        limits = [ParseDict(_prefixed(each), limit_pb2.Limit()) for each in data["limits"]]
        return str(data["reason"]), limits
    except (OSError, yaml.YAMLError, ParseError, KeyError, TypeError) as error:
        usage_error(f"{file} is no file of limits: {type(error).__name__} {error}")


def _prefixed(value: Any, name: str = "") -> Any:
    """Give enumerations their prefix."""
    if isinstance(value, dict):
        return {key: _prefixed(each, key) for key, each in value.items()}
    return f"{PREFIXES[name]}{value}" if name in PREFIXES else value


def _identity(limit: limit_pb2.Limit) -> tuple[int, bytes]:
    return limit.kind, limit.range.SerializeToString(deterministic=True)


def _name(limit: limit_pb2.Limit) -> str:
    return limit_pb2.LimitKind.Name(limit.kind).removeprefix("LIMIT_KIND_")


def _range(range_: limit_pb2.LimitRange) -> str:
    scope = limit_pb2.LimitScope.Name(range_.scope).removeprefix("LIMIT_SCOPE_").lower()
    narrow = (range_.instrument_id, range_.venue_mic, range_.currency)
    return " ".join(filter(None, (scope, range_.scope_id, *narrow)))


def _values(values: limit_pb2.LimitValues) -> str:
    parts = []
    for field, value in values.ListFields():
        told = value
        if field.enum_type is not None:
            told = field.enum_type.values_by_number[value].name.split("_", 2)[-1]
        elif field.name == "instruments":
            told = ",".join(value)
        parts.append(f"{field.name} {told}")
    return ", ".join(parts) or "not allowed"
