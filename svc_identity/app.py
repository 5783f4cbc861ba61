"""The composition root: builds the process from its settings."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from kernel.clock import SystemClock
from kernel.well_known import JWKS_PATH
from mesh import log
from mesh.auth.token_keys import REVOCATIONS_PATH
from mesh.auth.tokens import AcceptedTokens, TokenVerifier
from mesh.certificates.expiry import of_signing_keys
from mesh.certificates.tls import server_context
from mesh.pages import OK, Page, PageServer
from mesh.rpc.server import MeshServer, Ops
from mesh.settings import SettingsError
from mesh.telemetry.parts import POSTGRES, Dependency, PoolCollector
from mesh.telemetry.process import collected
from svc_identity.adapters.passwords import Argon2Passwords
from svc_identity.adapters.postgres.store import PostgresStore, open_engine
from svc_identity.adapters.signing import Es256Signer, TokenRules, load_keys
from svc_identity.api import audit_servicer
from svc_identity.api.audit_servicer import AuditServicer
from svc_identity.api.auth_servicer import ACCESS, SERVICE_NAME, AuthServicer
from svc_identity.api.user_settings import servicer as settings_servicer
from svc_identity.api.user_settings.servicer import UserSettingsServicer
from svc_identity.service.audit import AuditUpkeep, FailureLog
from svc_identity.service.login import LoginParts, SessionLimits
from svc_identity.service.ports import StoreUnavailableError
from svc_identity.service.revocations import PublishedRevocations
from svc_identity.service.upkeep import forget_old
from svc_identity.service.user_settings import SettingsKeeper
from svc_identity.settings import IdentitySettings

DATABASE_CHECK_INTERVAL_S: Final = 2.0
UPKEEP_INTERVAL_S: Final = 600.0

_log = log.get_logger(__name__)


@asynccontextmanager
async def build(settings: IdentitySettings, server: MeshServer) -> AsyncIterator[Ops]:
    """Open the parts, add the service, and close the parts after the drain."""
    if not settings.database_url:
        raise SettingsError("set ORDERMESH_DATABASE_URL to postgresql://user@host:port/database")
    rules = TokenRules(settings.jwt_issuer, settings.jwt_audience, settings.identity_access_token_s)
    signer = Es256Signer(load_keys(settings.identity_signing_key), rules)
    keys_at = settings.identity_signing_key
    server.expiry.add(of_signing_keys(keys_at, settings.identity_signing_key_days))
    limits = SessionLimits(settings.identity_refresh_token_s, settings.identity_session_s)
    engine = open_engine(settings.database_url)
    store = PostgresStore(engine)
    database = DatabaseWatch(store)
    clock = SystemClock()
    with Argon2Passwords() as passwords:
        failure_log = FailureLog(store, clock)
        using = LoginParts(store, passwords, signer, clock, limits, failure_log)
        server.add(AuthServicer(using, signer.jwks_json()), SERVICE_NAME, ACCESS)
        server.add(AuditServicer(store), audit_servicer.SERVICE_NAME, audit_servicer.ACCESS)
        keeper = SettingsKeeper(store, clock)
        server.add(
            UserSettingsServicer(keeper), settings_servicer.SERVICE_NAME, settings_servicer.ACCESS
        )
        # This process has the keys itself, and the list of revoked tokens as soon as it reads it.
        accepted = AcceptedTokens(
            settings.jwt_issuer, settings.jwt_audience, settings.jwt_life_max_s
        )
        verifier = TokenVerifier(signer.public_keys(), accepted, clock)
        server.verifier = verifier
        revoked = PublishedRevocations(
            store, clock, settings.identity_access_token_s, verifier.revocations.put
        )
        upkeep = AuditUpkeep(store, clock, signer.key_ids())
        pages = _token_pages(signer, revoked)
        keys = PageServer(settings.identity_keys_bind, pages, server_context(settings))
        try:
            await keys.start()
            work = server.background(
                database.run(),
                revoked.run(),
                _upkeep(store, clock),
                upkeep.run(),
                failure_log.run(),
                store.hear_settings(keeper.readers.heard),
            )
            with collected(PoolCollector({"all": store.pool})):
                async with work:
                    yield Ops(database.readiness)
        finally:
            await failure_log.write_counts()
            await keys.stop()
            await engine.dispose()


class DatabaseWatch:
    """Watches whether the database answers, so that readiness does not wait."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self._postgres = Dependency(POSTGRES)
        self._reachable = False

    def readiness(self) -> tuple[bool, str]:
        """Return whether users can log in. Issued tokens are verified in any case."""
        return (True, "ready") if self._reachable else (False, "database unreachable")

    async def run(self) -> None:
        """Check the database at intervals."""
        while True:
            reachable = await self._postgres.answers(self._store.reachable())
            if reachable != self._reachable:
                _log.info("database", reachable=reachable)
                self._reachable = reachable
            await asyncio.sleep(DATABASE_CHECK_INTERVAL_S)


def _token_pages(
    signer: Es256Signer, revoked: PublishedRevocations
) -> Callable[[str], Page | None]:
    """Return the pages by which the others verify tokens: public keys, and what was revoked."""
    documents = {
        JWKS_PATH: lambda: signer.jwks_json().encode(),
        REVOCATIONS_PATH: revoked.document,
    }

    def page(path: str) -> Page | None:
        document = documents.get(path)
        return None if document is None else Page(OK, "application/json", document())

    return page


async def _upkeep(store: PostgresStore, clock: SystemClock) -> None:
    while True:
        with contextlib.suppress(StoreUnavailableError):
            await forget_old(store, clock.now_ns())
        await asyncio.sleep(UPKEEP_INTERVAL_S)
