"""Channels between the processes of the mesh: mutual TLS, named limits, no retries of gRPC's own.

Retries belong to whoever holds the idempotency key; gRPC does not know it.
"""

import grpc.aio

from mesh.limits import CHANNEL_OPTIONS
from mesh.tls import SERVICE_DOMAIN, HasTls, channel_credentials


def mesh_channel(target: str, service: str, tls: HasTls) -> grpc.aio.Channel:
    """Open a channel to a service of the mesh.

    Args:
        target: host:port, or any gRPC target.
        service: "svc-oms": the name its certificate must carry.
        tls: This process's certificate files; settings will do.
    """
    options = (
        *CHANNEL_OPTIONS,
        ("grpc.ssl_target_name_override", f"{service}{SERVICE_DOMAIN}"),
        # A channel of its own per caller: shared connections share their windows.
        ("grpc.use_local_subchannel_pool", 1),
    )
    return grpc.aio.secure_channel(target, channel_credentials(tls), options=options)
