"""``restock up``: everything on this machine, until Ctrl-C."""

import signal
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import grpc
import typer
from rich.console import Console
from rich.progress import Progress

from restock.artifacts.store import BundleStore
from restock.cli.histories import Histories
from restock.cli.home import DEFAULT_HOME, STAGES_FOLDER, Home, models_in
from restock.cli.profile_import import ProfileImport, missing_profiles, most_loyal
from restock.cli.profile_store import profile_store
from restock.cli.recommend import answer_console, ask, names, show
from restock.cli.suite import (
    LOOPBACK,
    RESTART_SECONDS,
    Service,
    Suite,
    check_ports,
    environment,
    running,
    services,
)
from restock.days import date_of
from restock.errors import BundleOutdated, NotReady
from restock.serving.endings import ENDINGS
from restock.serving.local_redis import RedisServer, given_or_own_redis
from restock.v1 import gateway_pb2 as pb

READY_SECONDS = 120.0
LAST_PORT = 65_535 - 3
NEWCOMER = "somebody-new"


def up(
    sample: Annotated[
        bool,
        typer.Option(
            "--sample",
            help="Train on the Complete Journey sample if no model version is there, and set the "
            "suite's clock to the day after its last purchase.",
        ),
    ] = False,
    home: Home = DEFAULT_HOME,
    host: Annotated[
        str,
        typer.Option(
            envvar="RESTOCK_HOST",
            help="Address on which services listen; 0.0.0.0 for every one of this machine.",
        ),
    ] = LOOPBACK,
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
        run(sample, home.absolute(), services(port, metrics_port, host), redis_port, once)
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
    console = answer_console()
    store = models_in(home)
    check_ports(members)  # before minutes of training
    version = active_version(store, sample, home, console)
    started = time.monotonic()
    with given_or_own_redis(home, redis_port) as (redis_url, redis):
        variables = environment(members, home, redis_url)
        if sample:
            day = date_of(clock_day(store, version))
            variables["RESTOCK_GATEWAY_AS_OF_DAY"] = day.isoformat()
        with running(members, variables, home / "logs") as suite:
            suite.wait_ready(READY_SECONDS)
            loyal = bring_profiles(members[1].address, store, version, console)
            greet(console, members[0].address, loyal, home)
            console.print(f"Up in {time.monotonic() - started:.1f} s.")
            tell_addresses(console, members, redis_url, home, loyal)
            while not once:
                time.sleep(RESTART_SECONDS)
                keep_up(suite, redis, console)


def keep_up(suite: Suite, redis: RedisServer | None, console: Console) -> None:
    """Start again what ended by itself, and say when that was and how it ended."""
    ended = [(module, suite.exit_codes[module]) for module in suite.restart_ended()]
    if redis is not None and (code := redis.restart_if_ended()) is not None:
        ended.append(("redis", code))
    for name, code in ended:
        told = f"{datetime.now():%H:%M:%S} {name} ended with code {code}; started again"
        console.print(told, style="yellow", highlight=False)


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
        console.print(f"{version} is ready; starting the suite.", highlight=False)
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


def greet(console: Console, address: str, loyal: str, home: Path) -> None:
    """Ask for a loyal and an unknown user and print both answers."""
    with grpc.insecure_channel(address) as channel:
        for user, who in ((loyal, "loyal household"), (NEWCOMER, "unknown user")):
            request = pb.RecommendRequest(user_id=user, explain=pb.EXPLAIN_LEVEL_FULL)
            response = ask(channel, request, address)
            show(response, f"{who} {user}", names(home, response.model_version), console)


def tell_addresses(
    console: Console, members: list[Service], redis_url: str, home: Path, loyal: str
) -> None:
    """Print where everything listens, and how to ask."""
    for member in members:
        metrics = f"http://{member.near_host}:{member.metrics_port}/metrics"
        console.print(f"{member.module:14} gRPC {member.address}   {metrics}")
    console.print(f"{'redis':14} {redis_url}")
    console.print(f"{'logs':14} {home / 'logs'}")
    ask_again = f"{sys.argv[0]} recommend {loyal} --address {members[0].address}"
    console.print(f"Ask again: {ask_again}", soft_wrap=True)
    console.print("Ctrl-C stops everything.")
