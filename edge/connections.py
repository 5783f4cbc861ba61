"""How many connections a public listener takes, of all clients together and of one address.

Envoy counts the connections of a listener and of a filter chain, but not those of an address. So
each public listener divides the addresses into ADDRESS_GROUPS groups by a hash, and each group has
a filter chain with a count of its own. Who opens as many connections as one address may have shuts
out the other addresses of its group only. The chains end TLS and pass the bytes to the listener
"edge" in the same process, which has the one HTTP configuration (docs/adr/0024).
"""

from typing import Any

ADDRESS_GROUPS = 64
"""Groups of addresses; who fills one shuts out 1 of 64 other addresses at most."""
HASH_SEED = 5

_TYPE = "type.googleapis.com/"


def group_matcher() -> dict[str, Any]:
    """Choose the filter chain of a connection by its address."""
    return {
        "matcher_list": {
            "matchers": [
                {"predicate": _hash_from(group), "on_match": _chain(group)}
                for group in range(ADDRESS_GROUPS - 1, 0, -1)
            ]
        },
        "on_no_match": _chain(0),
    }


def group_chains(
    listener: str, address_max: int, transport: dict[str, Any] | None
) -> list[dict[str, Any]]:
    """List a filter chain for each group.

    Args:
        listener: The name of the listener, for the metrics.
        address_max: Connections at once of one address (group); more are closed.
        transport: How the chain ends TLS, and in which time; None for no TLS.
    """
    return [
        {"name": str(group), **(transport or {}), "filters": _filters(listener, address_max)}
        for group in range(ADDRESS_GROUPS)
    ]


def tls_transport(certificate: str, key: str, handshake_timeout_s: int) -> dict[str, Any]:
    """End TLS; a handshake that does not end in time, also one that never begins, is cut."""
    context = {
        "@type": f"{_TYPE}envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": {
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
            "tls_certificates": [
                {"certificate_chain": {"filename": certificate}, "private_key": {"filename": key}}
            ],
        },
    }
    return {
        "transport_socket_connect_timeout": f"{handshake_timeout_s}s",
        "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": context},
    }


def _filters(listener: str, address_max: int) -> list[dict[str, Any]]:
    limit = {
        "@type": f"{_TYPE}envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit",
        "stat_prefix": listener,
        "max_connections": address_max,
    }
    carry = {
        "@type": f"{_TYPE}envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        "stat_prefix": listener,
        "cluster": "edge",
        # The listener "edge" ends a connection that does nothing.
        "idle_timeout": "0s",
    }
    return [
        {"name": "envoy.filters.network.connection_limit", "typed_config": limit},
        {"name": "envoy.filters.network.tcp_proxy", "typed_config": carry},
    ]


def _chain(group: int) -> dict[str, Any]:
    name = {"@type": f"{_TYPE}google.protobuf.StringValue", "value": str(group)}
    return {"action": {"name": "chain", "typed_config": name}}


def _hash_from(group: int) -> dict[str, Any]:
    """Match addresses whose hash is of this group or a higher one."""
    address = f"{_TYPE}envoy.extensions.matching.common_inputs.network.v3.SourceIPInput"
    hashed = {
        "@type": f"{_TYPE}"
        "envoy.extensions.matching.input_matchers.consistent_hashing.v3.ConsistentHashing",
        "threshold": group,
        "modulo": ADDRESS_GROUPS,
        "seed": HASH_SEED,
    }
    return {
        "single_predicate": {
            "input": {"name": "address", "typed_config": {"@type": address}},
            "custom_match": {
                "name": "envoy.matching.matchers.consistent_hashing",
                "typed_config": hashed,
            },
        }
    }
