"""The address that a channel connects to: looked up once, checked, and connected to as checked.

A name is resolved here and nowhere else, so it cannot lead somewhere else after the check.
"""

import asyncio
import socket
import ssl
from collections.abc import Set as AbstractSet
from pathlib import Path

from svc_notify.domain.addresses import is_public_address


class NotReachedError(Exception):
    """No connection was made; the text is the cause, without anything secret."""


def tls_context(authorities: Path | None) -> ssl.SSLContext:
    """Return the checks of a server's certificate: the system's authorities and those given.

    Raises:
        OSError: The file with the authorities cannot be read.
    """
    context = ssl.create_default_context()
    if authorities is not None:
        context.load_verify_locations(authorities)
    return context


async def connect(
    host: str, port: int, tls: ssl.SSLContext | None, trusted: AbstractSet[str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to a public address of a host; to any address of a trusted one.

    Raises:
        NotReachedError: The host is unknown, one of its addresses is private, nobody answers, or
            its certificate does not hold.
    """
    cause = ""
    for address in await _addresses(host, port, trusted):
        try:
            return await asyncio.open_connection(
                address, port, ssl=tls, server_hostname=host if tls else None
            )
        except ssl.SSLError as error:
            raise NotReachedError(f"{host}: TLS failed: {tls_cause(error)}") from None
        except OSError as error:
            cause = f"{host}: no connection to {address} port {port}: {error.strerror or error}"
    raise NotReachedError(cause)


def tls_cause(error: ssl.SSLError) -> str:
    """Return what failed, in the words of OpenSSL."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return error.reason or "the server does not speak TLS"


async def _addresses(host: str, port: int, trusted: AbstractSet[str]) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotReachedError(f"{host}: no such host") from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    private = [one for one in addresses if not is_public_address(one)]
    if private and host.lower() not in trusted:
        raise NotReachedError(f"{host}: its address {private[0]} is not public")
    return addresses
