"""Channels to other services."""

from collections.abc import Mapping

import grpc

KEEPALIVE_MILLISECONDS = 10_000
RECONNECT_MILLISECONDS = 1_000


def channel_options(max_message_mebibytes: int) -> list[tuple[str, int | str]]:
    """Options of every channel and server: message sizes, and reconnecting fast after a restart."""
    size = max_message_mebibytes * 1024 * 1024
    return [
        ("grpc.max_receive_message_length", size),
        ("grpc.max_send_message_length", size),
        ("grpc.keepalive_time_ms", KEEPALIVE_MILLISECONDS),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.initial_reconnect_backoff_ms", RECONNECT_MILLISECONDS // 10),
        ("grpc.max_reconnect_backoff_ms", RECONNECT_MILLISECONDS),
        ("grpc.lb_policy_name", "round_robin"),
        # Retries are the caller's decision here: it has the deadline and knows how to degrade.
        ("grpc.enable_retries", 0),
    ]


def open_channel(
    address: str, max_message_mebibytes: int, more: Mapping[str, int | str] | None = None
) -> grpc.aio.Channel:
    """Open a plaintext channel. It connects in the background and again after each loss."""
    options = [*channel_options(max_message_mebibytes), *(more or {}).items()]
    return grpc.aio.insecure_channel(address, options=options)
