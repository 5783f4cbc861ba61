"""Which addresses a destination may have."""

import pytest

from svc_notify.domain.addresses import address_fault, is_public_address

WEBHOOK, EMAIL, SLACK = 1, 2, 3
HTTPS = "an https URL"
USER = "an https URL without a user: whoever reads the address would read it"
PUBLIC = "an https URL of a public address"


@pytest.mark.parametrize("channel", [WEBHOOK, SLACK])
@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("https://example.com/hooks?a=b", ""),
        ("https://example.com:8443", ""),
        ("https://93.184.215.14/", ""),
        ("https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", ""),
        ("http://example.com/", HTTPS),
        ("ftp://example.com/", HTTPS),
        ("example.com", HTTPS),
        ("https://", HTTPS),
        ("https://example.com:0/", HTTPS),
        ("https://example.com:99999/", HTTPS),
        ("https://example.com/a b", HTTPS),
        ("https://example.com\\@127.0.0.1/", HTTPS),
        ("https://example.com/\r\nhost: a", HTTPS),
        ("https://exämple.com/", HTTPS),
        ("https://[::1", HTTPS),
        ("https://user:word@example.com/", USER),
        ("https://localhost/", PUBLIC),
        ("https://127.0.0.1/", PUBLIC),
        ("https://127.1/", PUBLIC),
        ("https://2130706433/", PUBLIC),
        ("https://0x7f000001/", PUBLIC),
        ("https://example.0x7f/", PUBLIC),
        ("https://[::1]/", PUBLIC),
        ("https://[::ffff:10.0.0.1]/", PUBLIC),
        ("https://169.254.169.254/latest", PUBLIC),
        ("https://svc-oms.ordermesh.svc.cluster.local/", PUBLIC),
        ("https://metadata.google.internal/", PUBLIC),
        ("https://printer.local./", PUBLIC),
    ],
)  # fmt: skip
def test_urls(channel, address, fault):
    assert address_fault(channel, address) == fault


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("https://localhost:8443/", ""),
        ("http://localhost:8080/", ""),
        ("https://LOCALHOST/", ""),
        ("http://10.0.0.5/", ""),
        ("http://10.0.0.6/", HTTPS),
        ("https://10.0.0.6/", PUBLIC),
        ("ftp://localhost/", HTTPS),
        ("http://localhost.example.com/", HTTPS),
        ("http://user@localhost/", USER),
    ],
)  # fmt: skip
def test_trusted_hosts_are_named_one_by_one(address, fault):
    assert address_fault(WEBHOOK, address, frozenset({"localhost", "10.0.0.5"})) == fault


@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("desk@example.com", True),
        ("a.b+c@mail.example.co.uk", True),
        ("desk", False),
        ("desk@localhost", False),
        ("desk@example.com\r\nBcc: b@example.com", False),
        ("a@example.com,b@example.com", False),
        ("Desk <desk@example.com>", False),
        ("o'neill@example.com", True),
        ("x" * 64 + "@example.com", True),
        ("x" * 65 + "@example.com", False),
        ("jörg@example.com", False),
        ("a\x00b@example.com", False),
        ("a(b)@example.com", False),
        (".a@example.com", False),
        ("a@exämple.com", False),
        ("a@" + "x" * 250 + ".com", False),
    ],
)
def test_mail(address, right):
    assert address_fault(EMAIL, address) == ("" if right else "an address as in desk@example.com")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("255.255.255.255", False),
        ("224.0.0.1", False),
        ("192.0.2.1", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b:1::a00:1", False),
        ("2001::1", False),
        ("2002:a00:1::", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("::ffff:0:127.0.0.1", False),
        ("4000::1", False),
    ],
)
def test_public_addresses(address, public):
    assert is_public_address(address) is public
