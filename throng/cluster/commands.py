"""`throng cluster start|status|stop`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from throng.cluster import processes
from throng.cluster.processes import ClusterError
from throng.errors import fail

app = typer.Typer(
    help="A Spark standalone cluster on this machine, to try what a cluster does.",
    no_args_is_help=True,
)
Folder = Annotated[Path, typer.Option(help="Logs and work folders of the workers.")]
FOLDER = Path("data/cluster")


@app.command()
def start(
    workers: Annotated[int, typer.Option(help="How many workers.", min=1, max=64)] = 2,
    cores: Annotated[int, typer.Option(help="Cores of each worker.", min=1)] = 1,
    memory: Annotated[str, typer.Option(help="Memory of each worker for executors.")] = "2g",
    port: Annotated[int, typer.Option(help="Of the master.", min=1, max=65535)] = 7077,
    folder: Folder = FOLDER,
) -> None:
    """Start a master and workers, each a process of its own, and wait until they work."""
    try:
        cluster = processes.start(folder.absolute(), workers, cores, memory, port, typer.echo)
    except ClusterError as error:
        fail(error)
    typer.echo(
        f"Ready: {cluster.master}, {workers} x {cores} cores and {memory}. Now:\n"
        f"throng server start --master {cluster.master} --conf spark.executor.memory={memory}"
    )


@app.command()
def status(folder: Folder = FOLDER) -> None:
    """Say whether the master runs, and how many workers."""
    cluster = processes.find_cluster(folder.absolute())
    if cluster is None:
        typer.echo(f"No cluster runs in {folder}.")
        raise typer.Exit(3)
    is_up, alive = cluster.alive()
    state = "this machine only, no password" if is_up else "HAS ENDED: stop and start the cluster"
    typer.echo(f"master   {cluster.master}   {state}")
    typer.echo(
        f"workers  {alive} of {len(cluster.worker_pids)} run, "
        f"each with {cluster.cores} cores and {cluster.memory}"
    )


@app.command()
def stop(folder: Folder = FOLDER) -> None:
    """Stop the master, the workers and their executors."""
    stopped = processes.stop(folder.absolute())
    typer.echo("Stopped." if stopped else f"No cluster runs in {folder}.")
