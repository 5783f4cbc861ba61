"""Cases for every reason of a refusal, made of the one table of reasons."""

from typing import Any, Final

from client_kit.case import Case, Fault, Script, load
from mesh.errors import ERROR_TABLE, RETRYABLE, retry_class_name

# About the login, which has cases of its own; and of orders only, where a new key is needed.
LEFT_OUT: Final = frozenset({"UNAUTHENTICATED", "TOKEN_EXPIRED", "BAD_CREDENTIALS", "NOT_SENT"})
PLACE: Final[dict[str, Any]] = {
    "do": "place",
    "retry_for_s": 20,
    "request": {
        "accountId": "ACC-ALICE",
        "instrumentId": "ASML.SIMA",
        "side": "SIDE_BUY",
        "type": "ORDER_TYPE_MARKET",
        "terms": {"quantity": "100", "timeInForce": "TIME_IN_FORCE_DAY"},
    },
}


def reason_cases() -> list[Case]:
    """One case with the reasons that are repeated, one with those that are reported."""
    reasons = {name: rule for name, rule in ERROR_TABLE.items() if name not in LEFT_OUT}
    repeated = [name for name, rule in reasons.items() if rule.retry_class == RETRYABLE]
    reported = [name for name in reasons if name not in repeated]
    return [
        Case(
            name="reasons_repeated",
            says=f"Each of the {len(repeated)} reasons of the class RETRYABLE is repeated.",
            server=Script(calls={"Place": tuple(_once_each(repeated))}),
            client=({"do": "login"}, *[PLACE] * len(repeated)),
            sees=tuple(
                {"step": n, "ok": {"order_id": f"ORDER-{n}"}} for n in range(1, len(repeated) + 1)
            ),
            server_saw={"calls": {"Place": 2 * len(repeated)}, "keys": {"Place": len(repeated)}},
        ),
        Case(
            name="reasons_reported",
            says=f"Each of the {len(reported)} other reasons is reported, not repeated.",
            server=Script(calls={"Place": tuple(Fault(refuse=name) for name in reported)}),
            client=({"do": "login"}, *[PLACE] * len(reported)),
            sees=tuple({"step": n, "error": _error(name)} for n, name in enumerate(reported, 1)),
            server_saw={"calls": {"Place": len(reported)}},
        ),
    ]


def _once_each(reasons: list[str]) -> list[Fault | None]:
    return [fault for name in reasons for fault in (Fault(refuse=name), None)]


def _error(reason: str) -> dict[str, str]:
    rule = ERROR_TABLE[reason]
    return {
        "kind": "refused",
        "code": rule.code.name,
        "reason": reason,
        "retry_class": retry_class_name(rule.retry_class),
    }


def every_case() -> list[Case]:
    """The written cases, then those that are made of the table of reasons."""
    return [*load(), *reason_cases()]
