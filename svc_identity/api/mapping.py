"""Domain to proto, and refusals to reasons. Total: a new role or refusal fails a test."""

import math
from typing import Final

from mesh.errors import MeshError, refuse
from mesh.timestamps import to_timestamp
from ordermesh.identity.v1 import auth_service_pb2 as pb
from svc_identity.domain.errors import (
    BadCredentialsError,
    BusyError,
    LoginThrottledError,
    Refused,
    SessionEndedError,
    SettingMissingError,
    SettingNameTakenError,
    SettingsFullError,
    StaleSettingError,
    TooManyChangesError,
)
from svc_identity.domain.users import Role, User
from svc_identity.service.login import Grant

ROLES: Final = {
    Role.VIEWER: pb.ROLE_VIEWER,
    Role.TRADER: pb.ROLE_TRADER,
    Role.OPERATOR: pb.ROLE_OPERATOR,
    Role.RISK: pb.ROLE_RISK,
    Role.AUDITOR: pb.ROLE_AUDITOR,
}


def tokens_to_proto(grant: Grant) -> pb.TokenPair:
    """Return the tokens of a grant."""
    return pb.TokenPair(
        access_token=grant.access.text,
        access_expires_at=to_timestamp(grant.access.expires_at_ns),
        refresh_token=grant.refresh_token,
        refresh_expires_at=to_timestamp(grant.refresh_expires_at_ns),
    )


def user_to_proto(user: User) -> pb.User:
    """Return a user as clients see it."""
    return pb.User(
        user_id=user.user_id,
        username=user.username,
        display_name=user.display_name,
        roles=sorted(ROLES[role] for role in user.roles),
        accounts=sorted(user.accounts),
    )


def refusal_to_error(refused: Refused) -> MeshError:
    """Return a refusal with its reason."""
    match refused:
        case BadCredentialsError():
            return refuse("BAD_CREDENTIALS", str(refused))
        case SessionEndedError():
            return refuse("UNAUTHENTICATED", str(refused))
        case LoginThrottledError(retry_after_s=wait):
            metadata = {"retry_after_s": str(math.ceil(wait))}
            return MeshError("LOGIN_THROTTLED", str(refused), "", metadata, wait)
        case BusyError(retry_after_s=wait):
            return refuse("OVERLOADED", str(refused), retry_after_s=wait)
    return _setting_refusal(refused)


def _setting_refusal(refused: Refused) -> MeshError:
    match refused:
        case StaleSettingError(expected=expected, present=present):
            return refuse(
                "STALE_VERSION",
                str(refused),
                "expected_revision",
                value=expected,
                version=present,
            )
        case SettingsFullError(limit=limit):
            return refuse("OBJECT_STATE", str(refused), "setting", limit=limit)
        case SettingMissingError(name=name):
            return refuse("OBJECT_NOT_FOUND", str(refused), "name", value=name)
        case SettingNameTakenError(name=name):
            return refuse("OBJECT_STATE", str(refused), "new_name", value=name)
        case TooManyChangesError(limit=limit, retry_after_s=wait):
            return refuse("RATE_LIMITED", str(refused), retry_after_s=wait, limit=limit)
    raise TypeError(f"no reason for {type(refused).__name__}")
