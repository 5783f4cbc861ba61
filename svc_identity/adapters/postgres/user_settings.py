"""The settings of users in PostgreSQL."""

from dataclasses import asdict
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from svc_identity.adapters.postgres.tables import setting_heads, settings_epoch, user_settings
from svc_identity.domain.user_settings import Setting, SettingKey, SettingKind, SettingsHead, Stored
from svc_identity.service.ports import SettingsSnapshot

CHANGED: Final = "identity_settings"
"""Channel on which a change is announced to all replicas when it is committed, with the user."""

_OF = user_settings.c
_COUNTS: Final = tuple(SettingsHead.__dataclass_fields__)


class PostgresUserSettings:
    """Settings, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def head_locked(self, user_id: str) -> SettingsHead:
        """Read the counts of a user; nobody else changes settings of the user until the end."""
        first = {"user_id": user_id, **asdict(SettingsHead())}
        await self._connection.execute(insert(setting_heads).values(first).on_conflict_do_nothing())
        return await self._head(user_id, lock=True)

    async def find(self, user_id: str, key: SettingKey) -> Setting | None:
        """Find a setting, also one that was removed."""
        found = await self._list(
            _OF.user_id == user_id, _OF.kind == key.kind.value, _OF.name == key.name
        )
        return found[0] if found else None

    async def stored(self, user_id: str) -> Stored:
        """Count what a user has stored."""
        counted = await self._connection.execute(
            sa.select(
                sa.func.count(), sa.func.coalesce(sa.func.sum(sa.func.octet_length(_OF.body)), 0)
            ).where(_OF.user_id == user_id, _OF.body.is_not(None))
        )
        return Stored(*counted.one())

    async def put(self, user_id: str, setting: Setting, head: SettingsHead) -> None:
        """Store a setting and the counts, and announce the change when it is committed."""
        values = {
            "revision": setting.revision,
            "changed_at_ns": setting.changed_at_ns,
            "body": setting.body,
        }
        key = {"user_id": user_id, "kind": setting.key.kind.value, "name": setting.key.name}
        await self._connection.execute(
            insert(user_settings)
            .values(**key, **values)
            .on_conflict_do_update(index_elements=[_OF.user_id, _OF.kind, _OF.name], set_=values)
        )
        await self._set_head(user_id, asdict(head))
        await self._connection.execute(sa.select(sa.func.pg_notify(CHANGED, user_id)))

    async def removed(self, user_id: str) -> list[Setting]:
        """List the settings that were removed and are remembered, the newest first."""
        return (await self._list(_OF.user_id == user_id, _OF.body.is_(None)))[::-1]

    async def forget(self, user_id: str, settings: list[Setting]) -> None:
        """Remember these removed settings no longer; their newest number is kept as forgotten."""
        revisions = [one.revision for one in settings]
        await self._connection.execute(
            sa.delete(user_settings).where(_OF.user_id == user_id, _OF.revision.in_(revisions))
        )
        await self._set_head(user_id, {"forgotten": max(revisions)})

    async def snapshot(self, user_id: str) -> SettingsSnapshot:
        """Read a user's settings by kind and name, without those that were removed."""
        epoch = await self._connection.scalar(sa.select(settings_epoch.c.epoch))
        # First: what is committed between the two statements is sent again as a change.
        head = await self._head(user_id)
        found = await self._list(_OF.user_id == user_id, _OF.body.is_not(None))
        return SettingsSnapshot(str(epoch), head, sorted(found))

    async def after(self, user_id: str, revision: int) -> list[Setting]:
        """Read the settings that changed after a revision, in order, removed ones included."""
        return await self._list(_OF.user_id == user_id, _OF.revision > revision)

    async def _list(self, *conditions: sa.ColumnElement[bool]) -> list[Setting]:
        rows = await self._connection.execute(
            sa.select(user_settings).where(*conditions).order_by(_OF.revision)
        )
        return [_setting(row) for row in rows]

    async def _head(self, user_id: str, *, lock: bool = False) -> SettingsHead:
        counts = sa.select(*(setting_heads.c[name] for name in _COUNTS)).where(
            setting_heads.c.user_id == user_id
        )
        row = (await self._connection.execute(counts.with_for_update() if lock else counts)).first()
        return SettingsHead() if row is None else SettingsHead(*row)

    async def _set_head(self, user_id: str, values: dict[str, int]) -> None:
        await self._connection.execute(
            sa.update(setting_heads).where(setting_heads.c.user_id == user_id).values(values)
        )


def _setting(row: sa.Row[Any]) -> Setting:
    key = SettingKey(SettingKind(row.kind), row.name)
    return Setting(key, row.revision, row.changed_at_ns, row.body)
