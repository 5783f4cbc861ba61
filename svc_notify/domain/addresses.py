"""Whether an address of a destination may be used."""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

EMAIL: Final = 2
"""ChannelKind of the contract; the other kinds are URLs."""
EMAIL_PATTERN: Final = re.compile(r"[^\s@<>\",;:]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
EMAIL_CHARACTERS_MAX: Final = 254
PRIVATE_NAMES: Final = (".local", ".internal", ".localhost", ".svc", ".cluster.local")


def address_fault(channel: int, address: str) -> str:
    """Return what an address should be instead; empty if it may be used.

    A name that is public here may still lead to a private address: whoever connects has to look at
    the address that it connects to.
    """
    if channel == EMAIL:
        fits = len(address) <= EMAIL_CHARACTERS_MAX and EMAIL_PATTERN.fullmatch(address)
        return "" if fits else "an address as in desk@example.com"
    try:
        url = urlsplit(address)
        host, port = url.hostname or "", url.port
    except ValueError:
        return "an https URL"
    if url.scheme != "https" or not host or port == 0 or re.search(r"[\s\\]", address):
        return "an https URL"
    if url.username is not None or url.password is not None:
        return "an https URL without a user: whoever reads the address would read it"
    return "" if is_public(host) else "an https URL of a public address"


def is_public(host: str) -> bool:
    """Return whether a host is a public address, or a name that may have one."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        name = host.rstrip(".").lower()
        # A number is an address in another form to some resolvers: 127.1, 0x7f.0.0.1.
        numeric = re.fullmatch(r"(0x[0-9a-f]+|[0-9]+)", name.rpartition(".")[2]) is not None
        return "." in name and not numeric and not name.endswith(PRIVATE_NAMES)
