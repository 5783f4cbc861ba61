"""Settings between proto and domain."""

import json
from typing import Final

from mesh.errors import wrong
from mesh.timestamps import to_timestamp
from ordermesh.identity.v1 import user_setting_pb2 as pb
from svc_identity.domain.user_settings import Setting, SettingKey, SettingKind

KINDS: Final = {
    "layout": SettingKind.LAYOUT,
    "watchlist": SettingKind.WATCHLIST,
    "preferences": SettingKind.PREFERENCES,
    "blotter": SettingKind.BLOTTER,
}
"""The kind of each body."""
PREFERENCES_NAME: Final = "default"
"""Name of the one setting of preferences."""


def setting_to_proto(setting: Setting) -> pb.UserSetting:
    """Return a setting as clients see it."""
    made = pb.UserSetting.FromString(setting.body or b"")
    made.name = setting.key.name
    made.revision = setting.revision
    made.changed_at.CopyFrom(to_timestamp(setting.changed_at_ns))
    return made


def change_to_item(setting: Setting) -> pb.UserSettingItem:
    """Return a change as a stream sends it."""
    if setting.body is not None:
        return pb.UserSettingItem(changed=setting_to_proto(setting))
    removed = pb.UserSettingRemoved(
        kind=setting.key.kind.value,  # type: ignore[arg-type]  # by number
        name=setting.key.name,
        revision=setting.revision,
    )
    return pb.UserSettingItem(removed=removed)


def key_and_body(setting: pb.UserSetting) -> tuple[SettingKey, bytes]:
    """Read the key of a setting, and its body as it is stored.

    Raises:
        MeshError: INVALID_FIELD.
    """
    case = setting.WhichOneof("body")
    if case is None:
        raise wrong("setting.body", "not set", f"one of {', '.join(KINDS)}")
    check_name("setting.name", setting.name)
    _check(setting, case)
    body = pb.UserSetting(**{case: getattr(setting, case)})
    return SettingKey(KINDS[case], setting.name), body.SerializeToString(deterministic=True)


def check_name(field: str, name: str) -> None:
    """Check a name that a user gives: two names must not look the same.

    Raises:
        MeshError: INVALID_FIELD.
    """
    if name != name.strip():
        raise wrong(field, name, "a name without a space at an end")


def _check(setting: pb.UserSetting, case: str) -> None:
    match case:
        case "layout":
            _check_json(setting.layout.json)
        case "watchlist":
            _check_once("setting.watchlist.instrument_ids", list(setting.watchlist.instrument_ids))
            _check_once("setting.watchlist.columns", list(setting.watchlist.columns))
        case "preferences":
            if setting.name != PREFERENCES_NAME:
                raise wrong("setting.name", setting.name, f"{PREFERENCES_NAME!r} for preferences")
        case "blotter":
            blotter = setting.blotter
            _check_once("setting.blotter.columns", [one.column for one in blotter.columns])
            _check_once("setting.blotter.sort", [one.column for one in blotter.sort])


def _check_json(text: str) -> None:
    """Check that a text is one JSON object, without keeping it."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        expected = f"one JSON object ({type(error).__name__})"
        raise wrong("setting.layout.json", text[:40], expected) from None
    if not isinstance(value, dict):
        raise wrong("setting.layout.json", text[:40], "one JSON object")


def _no_constant(word: str) -> None:
    # Python reads NaN and Infinity, which are no JSON: no browser could read the layout.
    raise ValueError(word)


def _check_once(field: str, values: list[str]) -> None:
    twice = next((one for at, one in enumerate(values) if one in values[:at]), None)
    if twice is not None:
        raise wrong(field, twice, "each value once")
