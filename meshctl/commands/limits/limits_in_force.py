"""What `ordermesh limits list` prints: limits in force, and what was in force beside them."""

import json

from mesh.names import called
from meshctl.commands.common import as_line, emit, enum_word, say, show, table, when
from meshctl.commands.limits.limit_values import range_words, values_words
from meshctl.commands.orders.show import status_words, switch_words
from ordermesh.oms.v1 import limit_pb2, limit_service_pb2, order_way_pb2

BESIDE = ("replaced", "overrides", "statuses", "kill_switches")


def print_in_force(answer: limit_service_pb2.ListLimitsResponse, *, as_json: bool) -> None:
    """Print the limits as a table with the rest below; as JSON the rest by its name."""
    if as_json:
        for limit in answer.limits:
            emit(limit)
        for name in BESIDE:
            for each in getattr(answer, name):
                emit({name: json.loads(as_line(each))})
        return
    replaced = {one.limit.limit_id: one for one in answer.replaced}
    # Two lines per limit, so that 80 columns are enough.
    shown = table("limit", "kind", "where and what", whole=("limit", "kind"))
    for one in answer.limits:
        until = f" until {when(one.valid_until)}" if when(one.valid_until) else ""
        says = f"{values_words(one.values)}{until}, version {one.version}"
        standing = replaced_words(replaced.get(one.limit_id))
        kind = enum_word(limit_pb2.LimitKind, one.kind)
        shown.add_row(one.limit_id, kind, f"{range_words(one.range)}\n{says}{standing}")
    show(answer.limits, shown, "no limits", as_json=False)
    for override in answer.overrides:
        say(override_words(override), markup=False)
    for status in answer.statuses:
        say(status_words(status), markup=False)
    for switch in answer.kill_switches:
        say(switch_words(switch), markup=False)


def replaced_words(standing: order_way_pb2.LimitAt | None) -> str:
    """Say which limits count instead of one; empty if none does."""
    if standing is None:
        return ""
    wholly = [one.limit_id for one in standing.replaced_by if one.wholly]
    if wholly:
        return f"\ncounts for no order of the account: replaced by {wholly[0]}"
    named = ", ".join(f"{one.limit_id} ({range_words(one.range)})" for one in standing.replaced_by)
    return f"\nreplaced in part by {named}"


def override_words(override: limit_pb2.Override) -> str:
    """Describe an override in effect: of which limit, for whom, until when, by whom."""
    by = called(override.decided_by, override.decided_by_name)
    return (
        f"override {override.override_id} of limit {override.limit_id} for {override.account_id}: "
        f"{values_words(override.values)} until {when(override.valid_until)}, approved by {by}"
    )
