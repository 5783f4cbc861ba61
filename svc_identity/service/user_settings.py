"""The use cases of a user's settings, and who reads them live."""

from collections.abc import Callable

from kernel.clock import Clock
from svc_identity.domain.user_settings import (
    Setting,
    SettingKey,
    SettingsHead,
    check_rename,
    check_revision,
    check_room,
    forgettable,
)
from svc_identity.service.ports import SettingsSnapshot, Store, UserSettings


class SettingsReaders:
    """The streams of this process, by user."""

    def __init__(self) -> None:
        self._readers: dict[str, set[Callable[[], None]]] = {}

    def join(self, user_id: str, wake: Callable[[], None]) -> None:
        """Call ``wake`` when settings of a user may have changed."""
        self._readers.setdefault(user_id, set()).add(wake)

    def leave(self, user_id: str, wake: Callable[[], None]) -> None:
        """Stop calling it."""
        readers = self._readers[user_id]
        readers.discard(wake)
        if not readers:
            del self._readers[user_id]

    def heard(self, user_id: str) -> None:
        """Wake the readers of a user; of all users if none is named: notices may be lost."""
        named = [user_id] if user_id else list(self._readers)
        for one in named:
            for wake in tuple(self._readers.get(one, ())):
                wake()


class SettingsKeeper:
    """Reads and changes the settings of users, one transaction each."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self.clock = clock
        self.readers = SettingsReaders()

    async def put(self, user_id: str, key: SettingKey, body: bytes, expected: int) -> Setting:
        """Make or change a setting. Raises Refused."""
        async with self._store.work() as work:
            settings = work.settings
            head = await settings.head_locked(user_id)
            present = await settings.find(user_id, key)
            if present is not None and present.body == body:
                return present
            check_revision(present, expected)
            check_room(await settings.stored(user_id), present, body)
            return await self._store_next(settings, user_id, key, body, head)

    async def rename(self, user_id: str, key: SettingKey, new_name: str, expected: int) -> Setting:
        """Give a setting another name. Raises Refused."""
        async with self._store.work() as work:
            settings = work.settings
            head = await settings.head_locked(user_id)
            present, new_key = await settings.find(user_id, key), key._replace(name=new_name)
            check_rename(present, await settings.find(user_id, new_key), key.name, new_name)
            check_revision(present, expected)
            assert present is not None
            made = await self._store_next(settings, user_id, new_key, present.body, head)
            head = await settings.head_locked(user_id)
            await self._store_next(settings, user_id, key, None, head)
            await _forget_old(settings, user_id)
            return made

    async def remove(self, user_id: str, key: SettingKey, expected: int) -> None:
        """Remove a setting, if it is there. Raises Refused."""
        async with self._store.work() as work:
            settings = work.settings
            head = await settings.head_locked(user_id)
            present = await settings.find(user_id, key)
            if present is None or present.body is None:
                return
            check_revision(present, expected)
            await self._store_next(settings, user_id, key, None, head)
            await _forget_old(settings, user_id)

    async def snapshot(self, user_id: str) -> SettingsSnapshot:
        """Read a user's settings."""
        async with self._store.work() as work:
            return await work.settings.snapshot(user_id)

    async def after(self, user_id: str, revision: int) -> list[Setting]:
        """Read what changed after a revision."""
        async with self._store.work() as work:
            return await work.settings.after(user_id, revision)

    async def _store_next(
        self,
        settings: UserSettings,
        user_id: str,
        key: SettingKey,
        body: bytes | None,
        head: SettingsHead,
    ) -> Setting:
        now_ns = self.clock.now_ns()
        following = head.next(now_ns)
        setting = Setting(key, following.last_revision, now_ns, body)
        await settings.put(user_id, setting, following)
        return setting


async def _forget_old(settings: UserSettings, user_id: str) -> None:
    """Remember no more removed settings of a user than are allowed."""
    forgotten = forgettable(await settings.removed(user_id))
    if forgotten:
        await settings.forget(user_id, forgotten)
