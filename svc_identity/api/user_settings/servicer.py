"""UserSettingsService: settings of the caller, and of nobody else."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from mesh.auth.access import Access, user
from mesh.errors import wrong
from mesh.rpc.call import Call
from ordermesh.identity.v1 import user_settings_service_pb2 as pb
from svc_identity.api.answering import answered
from svc_identity.api.user_settings.mapping import check_name, key_and_body, setting_to_proto
from svc_identity.api.user_settings.stream import Frame, SettingsStream
from svc_identity.domain.user_settings import SettingKey, SettingKind
from svc_identity.service.user_settings import SettingsKeeper

SERVICE_NAME: Final = "ordermesh.identity.v1.UserSettingsService"
ACCESS: Final[Mapping[str, Access]] = {
    "PutUserSetting": user(),
    "RenameUserSetting": user(),
    "DeleteUserSetting": user(),
    "ListUserSettings": user(),
    "WatchUserSettings": user(),
}


class UserSettingsServicer:
    """See the comments in user_settings_service.proto. The user is always that of the token."""

    def __init__(self, keeper: SettingsKeeper) -> None:
        self._keeper = keeper

    async def PutUserSetting(  # noqa: N802  # rpc names are the contract's
        self, request: pb.PutUserSettingRequest, call: Call
    ) -> pb.PutUserSettingResponse:
        """Make a setting, or change it."""
        key, body = key_and_body(request.setting)
        put = self._keeper.put(call.user.subject, key, body, request.expected_revision)
        return pb.PutUserSettingResponse(setting=setting_to_proto(await answered(put)))

    async def RenameUserSetting(  # noqa: N802
        self, request: pb.RenameUserSettingRequest, call: Call
    ) -> pb.RenameUserSettingResponse:
        """Give a setting another name."""
        if SettingKind(request.kind) is SettingKind.PREFERENCES:
            raise wrong("kind", "PREFERENCES", "a kind whose settings have names of the user")
        check_name("new_name", request.new_name)
        key = SettingKey(SettingKind(request.kind), request.name)
        renamed = self._keeper.rename(
            call.user.subject, key, request.new_name, request.expected_revision
        )
        return pb.RenameUserSettingResponse(setting=setting_to_proto(await answered(renamed)))

    async def DeleteUserSetting(  # noqa: N802
        self, request: pb.DeleteUserSettingRequest, call: Call
    ) -> pb.DeleteUserSettingResponse:
        """Remove a setting."""
        key = SettingKey(SettingKind(request.kind), request.name)
        await answered(self._keeper.remove(call.user.subject, key, request.expected_revision))
        return pb.DeleteUserSettingResponse()

    async def ListUserSettings(  # noqa: N802
        self, request: pb.ListUserSettingsRequest, call: Call
    ) -> pb.ListUserSettingsResponse:
        """Return the caller's settings."""
        snapshot = await answered(self._keeper.snapshot(call.user.subject))
        return pb.ListUserSettingsResponse(
            settings=[
                setting_to_proto(one)
                for one in snapshot.settings
                if not request.kind or one.key.kind is SettingKind(request.kind)
            ]
        )

    async def WatchUserSettings(  # noqa: N802
        self, request: pb.WatchUserSettingsRequest, call: Call
    ) -> AsyncIterator[Frame]:
        """The caller's settings, then every change."""
        wanted = request.cursor if request.HasField("cursor") else None
        async for frame in SettingsStream(self._keeper, call, request.heartbeat_s).frames(wanted):
            yield frame
