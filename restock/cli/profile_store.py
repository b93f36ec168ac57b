"""The profile store that commands call: its address, and what it refuses as one clear line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import grpc
import typer

from restock.errors import RestockError, StoreUnavailable
from restock.serving.channels import channel_options
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub

ADDRESS = "127.0.0.1:50052"
TIMEOUT_SECONDS = 30.0
"""Of a call with one answer."""
STREAM_SECONDS = 600.0
"""Of a call with a stream of answers."""
MAX_MESSAGE_MEBIBYTES = 64
"""Largest request to send: the server's own limit decides."""
UNLIMITED = -1
"""What gRPC takes for no limit: an event of the log comes whole, however large it was."""

Address = Annotated[str, typer.Option(help="Where the profile store listens.")]
"""The option --address of every command that asks the profile store."""


@contextmanager
def profile_store(address: str) -> Iterator[ProfileStoreServiceStub]:
    """Open the profile store; what it refuses inside becomes an error of the domain.

    Raises:
        StoreUnavailable: nobody answers at the address, or nobody in time.
        RestockError: a call is refused; says the status and the reason.
    """
    options = dict(channel_options(MAX_MESSAGE_MEBIBYTES))
    options["grpc.max_receive_message_length"] = UNLIMITED
    with grpc.insecure_channel(address, options=[*options.items()]) as channel:
        try:
            yield ProfileStoreServiceStub(channel)
        except grpc.RpcError as error:
            raise refusal(error, address) from None


def refusal(error: grpc.RpcError, address: str) -> RestockError:
    """Say in one line what came instead of an answer."""
    said = f"{error.code().name}: {error.details()}"
    if error.code() is grpc.StatusCode.UNAVAILABLE:
        return StoreUnavailable(
            f"{said} (asked the profile store at {address}; is the suite up? start it with: restock up)"
        )
    if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        return StoreUnavailable(f"{said} (asked the profile store at {address})")
    return RestockError(said)
