"""Whether an address of a destination may be used."""

import ipaddress
import re
from collections.abc import Set as AbstractSet
from typing import Final
from urllib.parse import urlsplit

EMAIL: Final = 2
"""ChannelKind of the contract; the other kinds are URLs."""
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
EMAIL_PATTERN: Final = re.compile(
    rf"(?=[^@]{{1,64}}@){_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
)
"""RFC 5322 without quotes and comments, in ASCII: every mail server takes it."""
EMAIL_CHARACTERS_MAX: Final = 254
PRIVATE_NAMES: Final = (".local", ".internal", ".localhost", ".svc", ".cluster.local")
PUBLIC_IPV6: Final = ipaddress.ip_network("2000::/3")
"""Global unicast (RFC 4291): whatever else there is in IPv6, such as site-local, is not public."""
# They carry an address of IPv4, and a router may lead them there: Teredo, 6to4.
CARRIES_IPV4: Final = tuple(ipaddress.ip_network(each) for each in ("2001::/32", "2002::/16"))
NO_HOSTS: Final[frozenset[str]] = frozenset()


def address_fault(channel: int, address: str, trusted: AbstractSet[str] = NO_HOSTS) -> str:
    """Return what an address should be instead; empty if it may be used.

    A name that is public here may still lead to a private address: whoever connects has to look at
    the address that it connects to.

    Args:
        channel: ChannelKind of the contract.
        address: URL or e-mail address.
        trusted: Hosts in lower case that may be private, and may be reached over http.
    """
    if channel == EMAIL:
        fits = len(address) <= EMAIL_CHARACTERS_MAX and EMAIL_PATTERN.fullmatch(address)
        return "" if fits else "an address as in desk@example.com"
    try:
        url = urlsplit(address)
        host, port = url.hostname or "", url.port
    except ValueError:
        return "an https URL"
    schemes = ("https", "http") if host in trusted else ("https",)
    if url.scheme not in schemes or not host or port == 0 or not _plain(address):
        return "an https URL"
    if url.username is not None or url.password is not None:
        return "an https URL without a user: whoever reads the address would read it"
    return "" if host in trusted or is_public(host) else "an https URL of a public address"


def _plain(address: str) -> bool:
    """Return whether a URL has only what a URL may have: visible ASCII, and no backslash."""
    return re.search(r"[^!-~]|\\", address) is None


def is_public(host: str) -> bool:
    """Return whether a host is a public address, or a name that may have one."""
    try:
        return is_public_address(host)
    except ValueError:
        name = host.rstrip(".").lower()
        # A number is an address in another form to some resolvers: 127.1, 0x7f.0.0.1.
        numeric = re.fullmatch(r"(0x[0-9a-f]+|[0-9]+)", name.rpartition(".")[2]) is not None
        return "." in name and not numeric and not name.endswith(PRIVATE_NAMES)


def is_public_address(text: str) -> bool:
    """Return whether an IP address is one of the public Internet, for one receiver.

    Raises:
        ValueError: The text is no IP address.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public_address(str(address.ipv4_mapped))
        if address not in PUBLIC_IPV6 or any(address in network for network in CARRIES_IPV4):
            return False
    return address.is_global and not address.is_multicast
