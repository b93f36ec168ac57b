"""``restock up``: everything on this machine, until Ctrl-C."""

import signal
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import grpc
import typer
from rich.console import Console
from rich.progress import Progress

from restock.artifacts.store import BundleStore
from restock.cli.histories import Histories
from restock.cli.home import STAGES_FOLDER
from restock.cli.profile_import import ProfileImport, missing_profiles, most_loyal
from restock.cli.profile_store import profile_store
from restock.cli.recommend import ask, names, show
from restock.cli.suite import (
    LOOPBACK,
    RESTART_SECONDS,
    Service,
    check_ports,
    environment,
    running,
    services,
)
from restock.errors import BundleOutdated, NotReady, RestockError
from restock.serving.local_redis import given_or_own_redis
from restock.v1 import gateway_pb2 as pb

READY_SECONDS = 120.0
LAST_PORT = 65_535 - 3
EPOCH = date(1970, 1, 1)
NEWCOMER = "somebody-new"
EXIT_CODE = 2
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a supervisor, and a terminal that is closed."""


def up(
    sample: Annotated[
        bool,
        typer.Option(
            "--sample",
            help="Train on the Complete Journey sample if no model version is there, and set the "
            "suite's clock to the day after its last purchase.",
        ),
    ] = False,
    home: Annotated[Path, typer.Option(envvar="RESTOCK_HOME", help="Folder of all state.")] = Path(
        ".restock"
    ),
    port: Annotated[
        int,
        typer.Option(
            min=1, max=LAST_PORT, help="gRPC port of the gateway; the leaves take the next three."
        ),
    ] = 50051,
    metrics_port: Annotated[
        int,
        typer.Option(
            min=1,
            max=LAST_PORT,
            help="Metrics port of the gateway; the leaves take the next three.",
        ),
    ] = 9101,
    redis_port: Annotated[
        int,
        typer.Option(
            min=0, max=65_535, help="Port of the local Redis, where REDIS_URL is not set; 0: any."
        ),
    ] = 0,
    once: Annotated[
        bool, typer.Option("--once", help="Stop after the first recommendations.")
    ] = False,
) -> None:
    """Start Redis and the four services, import profiles, and print first recommendations.

    It stays up until Ctrl-C and then stops everything that it started. What stands already (model
    versions, profiles) is not made again.
    """
    for name in ENDINGS:
        signal.signal(name, end_once)
    try:
        run(sample, home.absolute(), services(port, metrics_port), redis_port, once)
    except (RestockError, OSError) as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(EXIT_CODE) from None
    except KeyboardInterrupt:
        typer.echo("Stopped.")


def end_once(*_: object) -> None:
    """End what runs, whatever it is at; another Ctrl-C does not cut short how it is stopped.

    Raises:
        KeyboardInterrupt: always.
    """
    for name in ENDINGS:
        signal.signal(name, signal.SIG_IGN)
    raise KeyboardInterrupt


def run(sample: bool, home: Path, members: list[Service], redis_port: int, once: bool) -> None:
    """Bring the suite up, show it, keep it up.

    Raises:
        KeyboardInterrupt: somebody wants it to stop; everything that was started is stopped.
        NotReady: there is no model version, or a service does not become ready.
    """
    console = Console(markup=False)
    store = BundleStore(home / "models")
    check_ports(members)  # before minutes of training
    version = active_version(store, sample, home, console)
    started = time.monotonic()
    with given_or_own_redis(home, redis_port) as (redis_url, redis):
        variables = environment(members, home, redis_url)
        if sample:
            day = clock_day(store, version)
            variables["RESTOCK_GATEWAY_AS_OF_DAY"] = (EPOCH + timedelta(days=day)).isoformat()
        with running(members, variables, home / "logs") as suite:
            suite.wait_ready(READY_SECONDS)
            loyal = bring_profiles(f"{LOOPBACK}:{members[1].port}", store, version, console)
            greet(console, members[0].port, loyal, home)
            console.print(f"Up in {time.monotonic() - started:.1f} s.")
            tell_addresses(console, members, redis_url, home, loyal)
            while not once:
                time.sleep(RESTART_SECONDS)
                ended = suite.restart_ended()
                if redis is not None and redis.restart_if_ended():
                    ended.append("redis")
                for module in ended:
                    console.print(f"{module} ended; started again", style="yellow")


def active_version(store: BundleStore, sample: bool, home: Path, console: Console) -> str:
    """Return the active model version, trained on the sample first if there is none that can serve.

    Raises:
        NotReady: there is none and no sample was asked for.
        BundleError: it cannot serve, and no training on the sample would help or was asked for.
    """
    version = store.active()
    try:
        if version is not None:
            store.manifest(version)
    except BundleOutdated as outdated:
        if not sample:
            raise
        console.print(str(outdated), style="yellow", highlight=False)
        version = None
    if version is None and sample:
        # The trainer's libraries are not in the services' images.
        from trainer.sample import train_sample  # noqa: PLC0415
        from trainer.stage_cache import StageCache  # noqa: PLC0415

        version = train_sample(store, StageCache(home / STAGES_FOLDER))
    if version is None:
        raise NotReady(
            f"no model version in {store.root}: train one with `restock train`, or try --sample"
        )
    return version


def clock_day(store: BundleStore, version: str) -> int:
    """Return the day after the last purchase that a version was trained on."""
    return store.manifest(version).trained_through_day + 1


def bring_profiles(address: str, store: BundleStore, version: str, console: Console) -> str:
    """Import the version's profiles if the store has not all of them; return the most loyal user.

    Raises:
        RestockError: the profile store refuses them, or does not answer.
    """
    profiles = store.profiles(version)
    histories = Histories(profiles, list(store.item_names(version)))
    with profile_store(address) as profile_stub:
        if missing_profiles(profile_stub, histories):
            with Progress(console=console) as progress:
                done = ProfileImport(profile_stub, histories, progress).run()
            console.print(f"Imported {done.imported} profiles, kept {done.kept}.")
    return most_loyal(profiles)


def greet(console: Console, port: int, loyal: str, home: Path) -> None:
    """Ask for a loyal and an unknown user and print both answers."""
    product_names = names(home)
    with grpc.insecure_channel(f"{LOOPBACK}:{port}") as channel:
        for user, who in ((loyal, "loyal household"), (NEWCOMER, "unknown user")):
            request = pb.RecommendRequest(user_id=user, explain=pb.EXPLAIN_LEVEL_FULL)
            show(ask(channel, request), f"{who} {user}", product_names, console)


def tell_addresses(
    console: Console, members: list[Service], redis_url: str, home: Path, loyal: str
) -> None:
    """Print where everything listens, and how to ask."""
    for member in members:
        metrics = f"http://{LOOPBACK}:{member.metrics_port}/metrics"
        console.print(f"{member.module:14} gRPC {LOOPBACK}:{member.port}   {metrics}")
    console.print(f"{'redis':14} {redis_url}")
    console.print(f"{'logs':14} {home / 'logs'}")
    address = f"{LOOPBACK}:{members[0].port}"
    console.print(f"Ask again: {sys.argv[0]} recommend {loyal} --address {address}")
    console.print("Ctrl-C stops everything.")
