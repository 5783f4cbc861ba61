"""Whether what a driver printed and a server saw is what a case expects; differences in words."""

from itertools import pairwise
from typing import Any

from client_kit.case import Case
from client_kit.world import World


def differences(case: Case, printed: list[dict[str, Any]], world: World) -> list[str]:
    """Everything that is not as it should be; empty when the case passed."""
    return [
        *world.findings,
        *(text for sight in case.sees for text in _sight(sight, printed)),
        *_unseen_errors(case, printed),
        *_falling_updates(printed),
        *_server_saw(case.server_saw, world),
    ]


def _sight(sight: dict[str, Any], printed: list[dict[str, Any]]) -> list[str]:
    step = str(sight["step"])
    mine = [line for line in printed if str(line.get("step")) == step]
    found = []
    for key in ("ok", "error"):
        if key in sight:
            got = next((line[key] for line in mine if key in line), None)
            what = got if got is not None else [x for x in mine if "ok" in x or "error" in x]
            if got is None or not _holds(sight[key], got):
                found.append(f"step {step}: {key} is {what}, should be {sight[key]}")
    if "events" in sight:
        events = [line["event"] for line in mine if "event" in line]
        got = [f"{event['account']} {event['sequence']}" for event in events]
        wanted = _listed(sight["events"])
        if sight.get("any_order"):
            got, wanted = sorted(got), sorted(wanted)
        if got != wanted:
            found.append(f"step {step}: events are {got}, should be {wanted}")
    return found


def _listed(events: list[str]) -> list[str]:
    """Spell out ranges: "ACC-ALICE 8-10"."""
    spelled = []
    for text in events:
        account, _, numbers = text.partition(" ")
        first, _, last = numbers.partition("-")
        spelled += [f"{account} {n}" for n in range(int(first), int(last or first) + 1)]
    return spelled


def _holds(wanted: Any, got: Any) -> bool:
    """Say whether everything that is wanted is there; more may be."""
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(
            key in got and _holds(value, got[key]) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(got, list)
            and len(wanted) == len(got)
            and all(_holds(*pair) for pair in zip(wanted, got, strict=True))
        )
    return bool(wanted == got)


def _unseen_errors(case: Case, printed: list[dict[str, Any]]) -> list[str]:
    """Errors of steps of which the case expects none, and steps without an answer."""
    expected = {str(sight["step"]) for sight in case.sees if "error" in sight}
    found = [
        f"step {line['step']}: error {line['error']}, should be none"
        for line in printed
        if "error" in line and str(line.get("step")) not in expected
    ]
    answered = {str(line.get("step")) for line in printed if "ok" in line or "error" in line}
    missing = sorted({str(n) for n in range(len(case.client))} - answered)
    return found + [f"step {step}: no answer" for step in missing]


def _falling_updates(printed: list[dict[str, Any]]) -> list[str]:
    found, last = [], dict[tuple[str, str], int]()
    for line in printed:
        update = line.get("update")
        if update:
            key = (str(line["step"]), update["instrument"])
            if update["sequence"] < last.get(key, 0):
                found.append(f"{key[1]}: update {update['sequence']} came after {last[key]}")
            last[key] = update["sequence"]
    return found


def _server_saw(saw: dict[str, Any], world: World) -> list[str]:
    found = []
    for name, wanted in saw.get("calls", {}).items():
        found += _count(f"calls of {name}", wanted, len(world.calls[name]))
    for name, wanted in saw.get("keys", {}).items():
        keys = {request.idempotency_key for request in world.calls[name]}
        found += _count(f"keys of {name}", wanted, len(keys))
        if "" in keys:
            found.append(f"{name} came without an idempotency key")
    if "token_refused" in saw:
        found += _count("refused tokens", saw["token_refused"], world.token_refused)
    if "cursors" in saw:
        got = [_cursors(request) for request in world.calls["Watch"]]
        if got != saw["cursors"]:
            found.append(f"cursors of Watch are {got}, should be {saw['cursors']}")
    if "modes" in saw:
        got = [request.subscription.mode for request in world.calls["Prices"]]
        if got != saw["modes"]:
            found.append(f"delivery modes are {got}, should be {saw['modes']}")
    return found + _times(saw, world)


def _times(saw: dict[str, Any], world: World) -> list[str]:
    found = []
    for name, wanted in saw.get("waited_s", {}).items():
        found += _waited(name, wanted, world.times[name])
    for name, wanted in saw.get("spread_s", {}).items():
        found += _spread(name, wanted, world.times[name])
    return found


def _waited(name: str, wanted_s: float, times: list[float]) -> list[str]:
    waits = [later - earlier for earlier, later in pairwise(times)]
    if waits and min(waits) >= wanted_s:
        return []
    return [f"{name} was repeated after {waits} s, should be {wanted_s} s or more"]


def _spread(name: str, wanted: dict[str, float], times: list[float]) -> list[str]:
    """The time between the first and the last."""
    took = times[-1] - times[0] if times else 0.0
    if wanted["min"] <= took <= wanted["max"]:
        return []
    return [f"{name}: repeats within {took:.2f} s, should be {wanted['min']} to {wanted['max']} s"]


def _count(what: str, wanted: Any, got: int) -> list[str]:
    low, high = (wanted, wanted) if isinstance(wanted, int) else (wanted["min"], wanted["max"])
    if low <= got <= high:
        return []
    return [f"{what}: {got}, should be {low}" + (f" to {high}" if high != low else "")]


def _cursors(request: Any) -> str:
    """What a stream asked for, as "none" or "life-1 8", accounts with a comma between them."""
    return ", ".join(
        f"{one.cursor.epoch} {one.cursor.sequence}" if one.HasField("cursor") else "none"
        for one in sorted(request.accounts, key=lambda one: str(one.account_id))
    )
