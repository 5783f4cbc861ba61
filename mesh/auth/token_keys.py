"""Public keys and revocations of tokens, fetched from the identity service over mutual TLS.

Whoever publishes the keys decides who everybody is: an answer counts only if it comes over TLS
from the certificate of the identity service.
"""

import asyncio
import http.client
import json
import socket
from typing import Final
from urllib.parse import urljoin, urlsplit

from joserfc.jwk import KeySet

from kernel.well_known import SERVICE_DOMAIN
from mesh.auth.revocations import Revoked
from mesh.certificates.tls import HasTls, client_context

KEYS_SERVICE: Final = "svc-identity"
JWKS_TIMEOUT_S: Final = 5.0
ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024
REVOCATIONS_PATH: Final = "/revocations.json"


async def fetch_jwks(url: str, tls: HasTls) -> KeySet:
    """Fetch a key set in a thread, without blocking the event loop.

    Args:
        url: https://host:port/path.
        tls: Certificate files of this process.

    Raises:
        OSError: The URL cannot be read, or its server is not the identity service.
        ValueError: The URL is not an https URL, or the document is not a key set.
    """
    document = json.loads(await asyncio.to_thread(_read, url, tls))
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError(f"{url} returned no JWKS document")  # noqa: TRY004  # a document's fault
    return KeySet.import_key_set({"keys": document["keys"]})


async def fetch_revoked(jwks_url: str, tls: HasTls) -> Revoked:
    """Fetch what was revoked, from where the keys are.

    Raises:
        OSError: It cannot be read, or its server is not the identity service.
        ValueError: The document is not such a list.
    """
    url = urljoin(jwks_url, REVOCATIONS_PATH)
    document = json.loads(await asyncio.to_thread(_read, url, tls))
    match document:
        case {"as_of": int(as_of_s), "sessions": [*sessions], "users": {**users}}:
            versions = {str(user): one for user, one in users.items() if isinstance(one, int)}
            prices = document.get("prices", {})
            if isinstance(prices, dict):
                rights = {str(user): frozenset(map(str, found)) for user, found in prices.items()}
                return Revoked(as_of_s, frozenset(sessions), versions, rights)
    raise ValueError(f"{url} returned no list of revoked tokens")


def _read(url: str, tls: HasTls) -> bytes:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError(f"{url} is not an https URL")
    address = (parts.hostname, parts.port or http.client.HTTPS_PORT)
    name = f"{KEYS_SERVICE}{SERVICE_DOMAIN}"
    connection = http.client.HTTPConnection(*address, timeout=JWKS_TIMEOUT_S)
    with (
        socket.create_connection(address, JWKS_TIMEOUT_S) as plain,
        client_context(tls).wrap_socket(plain, server_hostname=name) as connection.sock,
    ):
        try:
            connection.request("GET", parts.path)
            answer = connection.getresponse()
            document = answer.read(ANSWER_BYTES_MAX)
        except http.client.HTTPException as error:
            raise OSError(f"{url} gave no HTTP answer: {error!r}") from error
    if answer.status != http.client.OK:
        raise OSError(f"{url} answered {answer.status}")
    return document
