"""`ordermesh rules`: which notifications go where."""

import uuid
from typing import Annotated, Final

import typer

from meshctl.commands.common import (
    JsonOption,
    emit,
    enum_word,
    number,
    say,
    show,
    table,
    usage_error,
    with_mesh,
)
from meshctl.commands.notify.notifications import Kind, SeverityWord
from ordermesh.notify.v1 import notification_pb2, rule_pb2
from ordermesh.notify.v1 import rule_service_pb2 as pb
from ordermesh_client import MeshClient

RETRY_FOR_S: Final = 10.0
QUIET_WORDS: Final = "22:00-07:00 Europe/Berlin"

rules = typer.Typer(help="Which notifications you get, and where.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(rules, name="rules")


@rules.command("list")
@with_mesh
async def list_rules(mesh: MeshClient, as_json: JsonOption = False) -> None:
    """List your rules and the firm's."""
    found = (await mesh.call(mesh.notify_rules.ListRules, pb.ListRulesRequest())).rules
    shown = table("rule", "version", "name", "whose", "selects", "goes to", whole=("rule",))
    for one in found:
        name = f"{one.name} (disabled)" if one.disabled else one.name
        whose = "the firm" if one.firm else "you"
        shown.add_row(
            one.rule_id, str(one.version), name, whose, selection_words(one), target_words(one)
        )
    nothing = "no rules: the application shows every kind but single fills"
    show(found, shown, nothing, as_json=as_json)


@rules.command("set")
@with_mesh
async def set_rule(
    mesh: MeshClient,
    name: Annotated[str, typer.Argument(help="Name for people.")],
    rule_id: Annotated[
        str, typer.Option("--rule", help="Take the place of this rule, whole.")
    ] = "",
    firm: Annotated[bool, typer.Option("--firm", help="A rule of the firm.")] = False,
    kinds: Annotated[
        list[Kind] | None, typer.Option("--kind", help="Only this kind; may be repeated.")
    ] = None,
    severity: Annotated[SeverityWord | None, typer.Option(help="Only at least so urgent.")] = None,
    accounts: Annotated[
        list[str] | None, typer.Option("--account", help="Only this account; may be repeated.")
    ] = None,
    venue: Annotated[str, typer.Option(help="Only this venue: SIMA.")] = "",
    amount_min: Annotated[str, typer.Option(help="Only executions of at least this value.")] = "",
    in_app: Annotated[bool, typer.Option(help="Show it in the application.")] = True,
    destinations: Annotated[
        list[str] | None, typer.Option("--to", help="Destination; may be repeated.")
    ] = None,
    quiet: Annotated[
        str, typer.Option(help=f"When nothing is sent to destinations: {QUIET_WORDS!r}.")
    ] = "",
    digest_s: Annotated[
        int, typer.Option(min=0, help="Send what comes within so many seconds together.")
    ] = 0,
    per_hour: Annotated[
        int, typer.Option(min=0, help="Messages in an hour to each destination; 0: 60.")
    ] = 0,
    disabled: Annotated[bool, typer.Option("--disabled", help="Select nothing now.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a rule, or take the place of one."""
    rule = rule_pb2.Rule(
        rule_id=rule_id, firm=firm, name=name, disabled=disabled,
        kinds=[kind.name for kind in kinds or ()],
        severity_min=f"SEVERITY_{severity.name}" if severity else None,
        account_ids=[account.upper() for account in accounts or ()],
        venue_mic=venue.upper(), amount_min=number(amount_min), in_app=in_app,
        destination_ids=destinations or (), messages_per_hour_max=per_hour,
    )  # fmt: skip
    rule.digest.seconds = digest_s
    if quiet:
        rule.quiet_hours.CopyFrom(quiet_hours(quiet))
    if rule_id:
        rule.version = await _version(mesh, rule_id)
    request = pb.SetRuleRequest(idempotency_key=str(uuid.uuid4()), rule=rule)
    stored = (await mesh.call(mesh.notify_rules.SetRule, request, RETRY_FOR_S)).rule
    if as_json:
        emit(stored)
    else:
        what = f"{selection_words(stored)}: {target_words(stored)}"
        say(f"{stored.rule_id} version {stored.version}  {what}", markup=False)


@rules.command()
@with_mesh
async def remove(
    mesh: MeshClient,
    rule_id: Annotated[str, typer.Argument(help="From `ordermesh rules list`.")],
) -> None:
    """Remove a rule; what it selected before is sent nevertheless."""
    await mesh.call(mesh.notify_rules.DeleteRule, pb.DeleteRuleRequest(rule_id=rule_id))
    say(f"rule {rule_id} is removed", markup=False)


async def _version(mesh: MeshClient, rule_id: str) -> int:
    found = (await mesh.call(mesh.notify_rules.ListRules, pb.ListRulesRequest())).rules
    return next((one.version for one in found if one.rule_id == rule_id), 0)


def quiet_hours(typed: str) -> rule_pb2.QuietHours:
    """Read quiet hours: "22:00-07:00 Europe/Berlin"."""
    times, _, zone = typed.partition(" ")
    begin, dash, end = times.partition("-")
    if not (dash and zone):
        usage_error(f"--quiet was {typed!r}; expected hours and time zone: {QUIET_WORDS!r}")
    return rule_pb2.QuietHours(begin=begin, end=end, time_zone=zone.strip())


def selection_words(one: rule_pb2.Rule) -> str:
    """Describe what a rule selects."""
    kinds = [enum_word(notification_pb2.NotificationKind, kind) for kind in one.kinds]
    parts = [", ".join(kinds) or "every kind"]
    if one.severity_min:
        parts.append(f"at least {enum_word(notification_pb2.Severity, one.severity_min)}")
    if one.account_ids:
        parts.append(f"of {', '.join(one.account_ids)}")
    if one.venue_mic:
        parts.append(f"at {one.venue_mic}")
    if one.amount_min:
        parts.append(f"executions from {one.amount_min}")
    return "; ".join(parts)


def target_words(one: rule_pb2.Rule) -> str:
    """Describe where a rule sends, and when."""
    parts = (["the application"] if one.in_app else []) + list(one.destination_ids)
    if one.digest.seconds:
        parts.append(f"together every {one.digest.seconds} s")
    if one.HasField("quiet_hours"):
        quiet = one.quiet_hours
        parts.append(f"not {quiet.begin}-{quiet.end} {quiet.time_zone}")
    return ", ".join(parts)
