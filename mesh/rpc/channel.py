"""Channels between the processes of the mesh: mutual TLS, named limits, no retries by gRPC.

Only the holder of an idempotency key may retry; gRPC does not know the key.
"""

import grpc.aio

from kernel.well_known import SERVICE_DOMAIN
from mesh.certificates.tls import HasTls, channel_credentials
from mesh.rpc.limits import CHANNEL_OPTIONS


def mesh_channel(target: str, service: str, tls: HasTls) -> grpc.aio.Channel:
    """Open a channel to a service of the mesh.

    Args:
        target: host:port, or any gRPC target.
        service: "svc-oms": the name in the certificate of the service.
        tls: Certificate files of this process, for example its settings.
    """
    options = (
        *CHANNEL_OPTIONS,
        ("grpc.ssl_target_name_override", f"{service}{SERVICE_DOMAIN}"),
        # One connection per channel: channels that share a connection share its window.
        ("grpc.use_local_subchannel_pool", 1),
    )
    return grpc.aio.secure_channel(target, channel_credentials(tls), options=options)
