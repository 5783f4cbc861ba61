"""Argon2id in a few threads."""

import asyncio
import functools
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Self, TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from svc_identity.domain.errors import BusyError

T = TypeVar("T")

# OWASP's second choice: 46 MiB and one pass cost a guesser memory, and us about 40 ms.
MEMORY_KIB: Final = 47_104
PASSES: Final = 1
LANES: Final = 1
CHECKS_AT_ONCE_MAX: Final = 2  # so hashing takes at most 2 threads and 92 MiB
CHECKS_WAITING_MAX: Final = 64  # further callers are refused with BusyError
RETRY_AFTER_S: Final = 2.0


class Argon2Passwords:
    """Hashes passwords off the event loop, a few at once, with a bound on the waiting."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._hasher = argon2.PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=LANES
        )
        self._threads = ThreadPoolExecutor(CHECKS_AT_ONCE_MAX, thread_name_prefix="argon2")
        self._pending = 0
        # Compared with if the user does not exist; nobody knows its password.
        self._nobody = self._hasher.hash(secrets.token_urlsafe(32))

    async def hash(self, password: str) -> str:
        """Hash a password with a fresh salt. Raises BusyError."""
        return await self._run(functools.partial(self._hasher.hash, password))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Compare; with no hash take the same time and answer no. Raises BusyError."""
        same = await self._run(
            functools.partial(self._compare, password_hash or self._nobody, password)
        )
        return same and password_hash is not None

    def outdated(self, password_hash: str) -> bool:
        """Return whether a hash was made with parameters other than the current ones."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _compare(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._pending >= CHECKS_AT_ONCE_MAX + CHECKS_WAITING_MAX:
            raise BusyError(RETRY_AFTER_S)
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._pending -= 1
