"""Whether a venue's TLS certificate carries the right name, asked before QuickFIX connects.

QuickFIX verifies the chain up to `tls.ca` but no name. One handshake of our own finds a wrong
address or a wrong certificate before a password is sent. It is no defence against somebody who
holds another certificate of the same authority and sits on the path: for that, give a `tls.ca` that
signs only this venue.
"""

import socket
import ssl

from svc_gateway.venues import SessionConfig

HANDSHAKE_TIMEOUT_S = 5.0


class WrongCertificateError(Exception):
    """The venue's certificate is not the one asked for; the text says why."""


def check_certificate(config: SessionConfig) -> None:
    """Shake hands once and close.

    Raises:
        WrongCertificateError: chain or name are wrong.
        OSError: the venue cannot be reached.
    """
    tls = config.tls
    context = ssl.create_default_context(cafile=str(tls.ca))
    if tls.certificate is not None:
        context.load_cert_chain(str(tls.certificate), str(tls.key))
    address = (config.host, config.port)
    try:
        with (
            socket.create_connection(address, timeout=HANDSHAKE_TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=tls.server_name),
        ):
            return
    except ssl.SSLCertVerificationError as error:
        raise WrongCertificateError(
            f"{config.host}:{config.port}, expected {tls.server_name}: {error.verify_message}"
        ) from error
