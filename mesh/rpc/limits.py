"""Limits of every gRPC connection of the mesh, each with its unit."""

from typing import Final

from ordermesh_rpc.backoff import CONNECT_TIMEOUT_MS, RECONNECT_BACKOFF_MIN_MS

# A request or response larger than this is refused with RESOURCE_EXHAUSTED.
MESSAGE_BYTES_MAX: Final = 4 * 1024 * 1024
# HTTP/2 flow control: after this many bytes, not megabytes, a sender notices a reader that stopped.
STREAM_WINDOW_BYTES: Final = 64 * 1024
# A dead peer is noticed after interval + timeout.
KEEPALIVE_INTERVAL_MS: Final = 10_000
KEEPALIVE_TIMEOUT_MS: Final = 5_000
# A client may ping at most this often; more is answered with GOAWAY.
PING_INTERVAL_MIN_MS: Final = 5_000
# Headers and trailers of a call together.
METADATA_BYTES_MAX: Final = 16 * 1024
# The longest of gRPC's own reconnect delays of a channel.
RECONNECT_BACKOFF_MAX_MS: Final = 5_000

_SHARED_OPTIONS: Final = (
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_metadata_size", METADATA_BYTES_MAX),
    ("grpc.http2.lookahead_bytes", STREAM_WINDOW_BYTES),
    # Otherwise gRPC grows the window until it holds megabytes.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.keepalive_time_ms", KEEPALIVE_INTERVAL_MS),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    # What gRPC goes by; without it, a ping that nobody answers counts after a minute only.
    ("grpc.http2.ping_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ("grpc.keepalive_permit_without_calls", 1),
)
SERVER_OPTIONS: Final = (
    *_SHARED_OPTIONS,
    ("grpc.http2.min_ping_interval_without_data_ms", PING_INTERVAL_MIN_MS),
    # Otherwise two processes could bind one port and share its calls without an error.
    ("grpc.so_reuseport", 0),
)
CHANNEL_OPTIONS: Final = (
    *_SHARED_OPTIONS,
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", RECONNECT_BACKOFF_MIN_MS),
    ("grpc.min_reconnect_backoff_ms", CONNECT_TIMEOUT_MS),
    ("grpc.max_reconnect_backoff_ms", RECONNECT_BACKOFF_MAX_MS),
    ("grpc.enable_retries", 0),
)
