"""What every process with a Thrift server in its JVM does: its lock, its signals and its end."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark import SparkContext

_LOOK_EVERY_S = 0.5


def settle(run_folder: Path, state_file: Path) -> bool:
    """Begin as a server of this folder; False if another process is one.

    What it writes from then on is for its user alone. SIGTERM ends the main thread, wherever it is.
    """
    os.umask(0o077)
    if not _take_lock(run_folder / "lock"):
        return False
    state_file.unlink(missing_ok=True)  # left by a server that was killed
    # Raised in the main thread, so that a stop during start-up ends start-up too.
    signal.signal(signal.SIGTERM, _raise_exit)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return True


def stay(
    context: SparkContext, state_file: Path, begin: Callable[[], Callable[[], None] | None]
) -> int:
    """Serve until SIGTERM (0) or the end of the JVM (1), and leave nothing behind.

    Args:
        context: of the JVM, which is a child of this process.
        state_file: removed at the end.
        begin: starts the server; may return what is to be done every half second.
    """
    java_process = context._gateway.proc
    try:
        again = begin()
        # The JVM is our child: when it dies by itself, so do we.
        while java_process.poll() is None:
            time.sleep(_LOOK_EVERY_S)
            if again:
                again()
        print("The Java process has ended; so does the server.", flush=True)
        return 1
    except SystemExit:
        from pyspark.sql import SparkSession

        session = SparkSession.getActiveSession()
        if session:
            session.stop()
        return 0
    finally:
        state_file.unlink(missing_ok=True)
        context._gateway.shutdown()
        java_process.stdin.close()  # the JVM ends itself at the end of its input
        try:
            java_process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            print("The Java process did not end by itself; killing it.", flush=True)
            java_process.kill()


def _take_lock(path: Path) -> bool:
    """Take a lock for as long as this process lives.

    The system lets go of it when the process dies, however it dies.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    for _ in range(20):  # a command that starts a server may be looking at the lock just now
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            time.sleep(0.1)
    else:
        os.close(descriptor)
        return False
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return True


def _raise_exit(_signal: int, _frame: types.FrameType | None) -> None:
    raise SystemExit(0)
