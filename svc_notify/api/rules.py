"""RuleService: which notifications a user or the firm gets, and where."""

from collections.abc import Mapping
from typing import Final
from zoneinfo import available_timezones

from kernel.clock import Clock
from kernel.ulid import new_ulid
from mesh.auth.access import Access, user
from mesh.errors import refuse, wrong
from mesh.rpc.call import Call
from mesh.timestamps import set_timestamp
from ordermesh.notify.v1 import rule_pb2
from ordermesh.notify.v1 import rule_service_pb2 as pb
from svc_notify.api.answering import answered, changing, keyed, not_found, stale
from svc_notify.domain.notification import KINDS
from svc_notify.service.choices import Changing, Choices

SERVICE: Final = "ordermesh.notify.v1.RuleService"
ACCESS: Final[Mapping[str, Access]] = {
    "SetRule": user(),
    "DeleteRule": user(),
    "ListRules": user(),
}
RULES_MAX: Final = 50
"""Rules of one user, and as many of the firm."""
DIGEST_S_MAX: Final = 86_400
ZONES: Final = frozenset(available_timezones())


class RuleServicer:
    """Serves ``ordermesh.notify.v1.RuleService``."""

    def __init__(self, choices: Choices, clock: Clock) -> None:
        self._choices = choices
        self._clock = clock

    async def SetRule(  # noqa: N802  # rpc names are the contract's
        self, request: pb.SetRuleRequest, call: Call
    ) -> pb.SetRuleResponse:
        """Make a rule, or take the place of one."""
        by, rule = call.user.subject, rule_pb2.Rule()
        rule.CopyFrom(request.rule)
        _check(rule, call)
        async with keyed(self._choices, request, by) as (change, made, keep):
            if made:
                present = await change.rule(made, by)
                if present is None:
                    raise not_found("idempotency_key", request.idempotency_key, "rule any more")
                return pb.SetRuleResponse(rule=present)
            await self._check_place(change, rule, call)
            now_ns = self._clock.now_ns()
            rule.rule_id = rule.rule_id or new_ulid(now_ns)
            rule.version += 1
            rule.owner = by
            set_timestamp(rule.changed_at, now_ns)
            await change.put_rule(rule, by, now_ns)
            await keep(rule.rule_id, now_ns)
        return pb.SetRuleResponse(rule=rule)

    async def DeleteRule(  # noqa: N802
        self, request: pb.DeleteRuleRequest, call: Call
    ) -> pb.DeleteRuleResponse:
        """Remove a rule."""
        by, rule_id = call.user.subject, request.rule_id
        async with changing(""), self._choices.changing() as change:
            rule = await change.rule(rule_id, by)
            if rule is not None:
                if rule.firm:
                    _require_risk(call)
                await change.remove_rule(rule, by, self._clock.now_ns())
            elif not await change.was_rule(rule_id, by):
                raise not_found("rule_id", rule_id, "rule of yours or of the firm")
        return pb.DeleteRuleResponse()

    async def ListRules(  # noqa: N802
        self, request: pb.ListRulesRequest, call: Call
    ) -> pb.ListRulesResponse:
        """Return the caller's rules and the firm's."""
        del request
        return pb.ListRulesResponse(rules=await answered(self._choices.rules(call.user.subject)))

    async def _check_place(self, change: Changing, rule: rule_pb2.Rule, call: Call) -> None:
        """Check a rule against what is stored."""
        by = call.user.subject
        if rule.rule_id:
            present = await change.rule(rule.rule_id, by)
            if present is None:
                raise not_found("rule.rule_id", rule.rule_id, "rule of yours or of the firm")
            if present.firm != rule.firm:
                raise wrong("rule.firm", rule.firm, f"{present.firm}: it does not change")
            if present.version != rule.version:
                raise stale("rule.version", rule.version, present.version)
        else:
            if rule.version:
                raise wrong("rule.version", rule.version, "0 for a new rule, which has no rule_id")
            if await change.count_rules(by, firm=rule.firm) >= RULES_MAX:
                whose = "the firm has" if rule.firm else "you have"
                text = f"{whose} {RULES_MAX} rules, the limit; remove one first"
                raise refuse("OBJECT_STATE", text, limit=RULES_MAX)
        owner = "" if rule.firm else by
        missing = set(rule.destination_ids) - await change.open_to(owner, rule.destination_ids)
        if missing:
            raise not_found(
                "rule.destination_ids", min(missing), "destination that the rule may name"
            )


def _check(rule: rule_pb2.Rule, call: Call) -> None:
    """Check a rule by itself, and what its caller may do.

    Raises:
        MeshError: INVALID_FIELD, PERMISSION_DENIED or ACCOUNT_NOT_ALLOWED.
    """
    if rule.firm:
        _require_risk(call)
    for account_id in rule.account_ids:
        call.user.require_view(account_id)
    _check_lists(rule)
    if not rule.in_app and not rule.destination_ids:
        raise wrong("rule.destination_ids", "empty", "a destination, or in_app")
    digest = rule.digest
    if digest.nanos or not 0 <= digest.seconds <= DIGEST_S_MAX:
        value = f"{digest.seconds}.{digest.nanos:09} s"
        raise wrong("rule.digest", value, f"whole seconds from 0 to {DIGEST_S_MAX}")
    if rule.HasField("quiet_hours"):
        quiet = rule.quiet_hours
        if quiet.begin == quiet.end:
            raise wrong("rule.quiet_hours.end", quiet.end, "another time than begin")
        if quiet.time_zone not in ZONES:
            raise wrong("rule.quiet_hours.time_zone", quiet.time_zone, "a name as in Europe/Berlin")


def _check_lists(rule: rule_pb2.Rule) -> None:
    for index, kind in enumerate(rule.kinds):
        if kind not in KINDS:
            raise wrong(f"rule.kinds[{index}]", str(kind), "a kind (docs/NOTIFICATIONS.md)")
    for name in ("kinds", "account_ids", "destination_ids"):
        values = getattr(rule, name)
        if len(set(values)) != len(values):
            raise wrong(f"rule.{name}", list(values), "each value once")


def _require_risk(call: Call) -> None:
    if "RISK" not in call.user.roles:
        raise refuse(
            "PERMISSION_DENIED",
            "only RISK changes rules of the firm; make a rule of your own, without firm",
            "rule.firm",
        )
