"""`ordermesh limits apply`: a whole set of limits from a file."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer
import yaml
from google.protobuf.json_format import ParseDict, ParseError

from meshctl.commands.common import console, enum_word, run, usage_error
from meshctl.commands.limits.limit_values import every_limit, range_words, set_over, values_words
from meshctl.commands.limits.proposed_changes import print_change
from ordermesh.oms.v1 import limit_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from ordermesh_client import MeshClient

PAGE: Final = 500
# Enumerations whose values may be written without their prefix.
PREFIXES: Final = {
    "kind": "LIMIT_KIND_",
    "scope": "LIMIT_SCOPE_",
    "permission": "PERMISSION_MODE_",
    "self_match": "SELF_MATCH_POLICY_",
}


def register(limits: typer.Typer) -> None:
    """Add the command to those of limits."""
    limits.command()(apply)


def apply(
    file: Annotated[Path, typer.Argument(help="YAML as in config/limits.rts6.example.yaml.")],
) -> None:
    """Set the limits of a file; another person must confirm looser ones.

    Limits that already have these values are left alone.
    """
    reason, wanted = read_limits(file)

    async def work(mesh: MeshClient) -> None:
        known = {
            _identity(each): each
            for each in await every_limit(mesh, pb.ListLimitsRequest(page_size=PAGE))
        }
        for limit in wanted:
            now = known.get(_identity(limit))
            what = f"{_kind(limit)} of {range_words(limit.range)}: {values_words(limit.values)}"
            if now is not None and now.values == limit.values:
                console.print(f"unchanged {what}", style="dim", highlight=False)
                continue
            request = pb.SetLimitRequest(
                kind=limit.kind,
                range=limit.range,
                values=limit.values,
                reason=reason,
                expected_version=now.version if now else 0,
            )
            answer = await set_over(mesh, request)
            if answer.HasField("proposed"):
                print_change(answer.proposed, as_json=False)
            else:
                console.print(f"set version {answer.limit.version} {what}", highlight=False)

    run(work)


def read_limits(file: Path) -> tuple[str, list[limit_pb2.Limit]]:
    """Read a file of limits; exit with the usage code if it is not one."""
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        limits = [ParseDict(_prefixed(each), limit_pb2.Limit()) for each in data["limits"]]
        return str(data["reason"]), limits
    except (OSError, yaml.YAMLError, ParseError, KeyError, TypeError) as error:
        usage_error(f"{file} is not a file of limits: {type(error).__name__} {error}")


def _prefixed(value: Any, name: str = "") -> Any:
    """Add the prefix of enumerations."""
    if isinstance(value, dict):
        return {key: _prefixed(each, key) for key, each in value.items()}
    return f"{PREFIXES[name]}{value}" if name in PREFIXES else value


def _identity(limit: limit_pb2.Limit) -> tuple[int, bytes]:
    return limit.kind, limit.range.SerializeToString(deterministic=True)


def _kind(limit: limit_pb2.Limit) -> str:
    return enum_word(limit_pb2.LimitKind, limit.kind)
