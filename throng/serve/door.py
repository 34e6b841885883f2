"""The process that listens for readers and passes their bytes on to the server, its child.

Where bubblewrap keeps the server in, it has no network; this process has. It stands outside, has no
password of the build in its environment, and only passes bytes on to the Unix socket of the server
(ReaderDoor.java). TLS and passwords are the server's: what passes here is encrypted.

Started by `throng serve start` as `python -m throng.serve.door SETTINGS_JSON COMMAND...`; ends with
the command that it has started, and with its code.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import signal
import socket
import sys

from throng.serve.settings import ServeSettings
from throng.server.processes import process_tree, write_state

#: Of clients, where the system allows so many open files; the server itself allows fewer. Many that
#: come at once are still open here when the server has already sent most of them away.
_MOST_CONNECTIONS = 4000
_BYTES_AT_ONCE = 65_536
_MOST_TRIES = 100
_LOOK_EVERY_S = 0.1


def main() -> int:
    """Run the command, and listen once it is ready."""
    settings = ServeSettings.from_json(sys.argv[1])
    os.umask(0o077)
    os.chdir(settings.run_folder)  # the path of a Unix socket has 107 bytes at most
    return asyncio.run(_stand(settings, sys.argv[2:], _most_connections()))


def _most_connections() -> int:
    """A connection is two open files; as many as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * _MOST_CONNECTIONS + 100
    files = wanted if most == resource.RLIM_INFINITY else min(most, wanted)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    return (files - 100) // 2


async def _stand(settings: ServeSettings, command: list[str], most: int) -> int:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    settings.driver_file.unlink(missing_ok=True)
    driver = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)
    # The server ends itself at the end of its input: also when this process is killed.
    loop.add_signal_handler(signal.SIGTERM, driver.stdin.close)
    ended = asyncio.ensure_future(driver.wait())
    while not ended.done() and not settings.driver_file.exists():
        await asyncio.wait({ended}, timeout=_LOOK_EVERY_S)
    try:
        if not ended.done():
            door = _Door(most)
            async with await asyncio.start_server(
                door.let_in, settings.host, settings.port, backlog=1024
            ):
                # Numbers of processes are others inside a sandbox.
                write_state(
                    settings.state_file,
                    os.getpid(),
                    java_pid=_java_pid(),
                    settings=json.loads(settings.to_json()),
                )
                await ended
        return ended.result()
    except OSError as error:
        print(f"Cannot listen on {settings.host}:{settings.port}: {error}", flush=True)
        return 1
    finally:
        settings.state_file.unlink(missing_ok=True)
        driver.stdin.close()
        await ended


def _java_pid() -> int | None:
    found = [process.pid for process in process_tree(os.getpid()) if process.name() == "java"]
    return found[0] if found else None


class _Door:
    """Connections that are open, and how many may be."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._n_open = 0

    async def let_in(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        """Pass bytes on in both directions until one side ends."""
        self._n_open += 1
        try:
            if self._n_open <= self._most:
                await _pass_on(client, answer)
        except OSError:
            pass  # the client is gone, or the server is
        finally:
            self._n_open -= 1
            answer.close()


async def _pass_on(client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
    _notice_when_it_is_gone(answer.get_extra_info("socket"))
    reader, writer = await _reach_server()
    try:
        address = answer.get_extra_info("peername")[0]
        writer.write(f"{address}\n".encode())
        ways = {
            asyncio.ensure_future(_pump(client, writer)),
            asyncio.ensure_future(_pump(reader, answer)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
    finally:
        writer.close()


async def _reach_server() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the server; a Unix socket has no queue but that of who may wait there."""
    for _ in range(_MOST_TRIES):
        with contextlib.suppress(BlockingIOError):
            return await asyncio.open_unix_connection(ServeSettings.SOCKET)
        await asyncio.sleep(_LOOK_EVERY_S)
    return await asyncio.open_unix_connection(ServeSettings.SOCKET)


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(_BYTES_AT_ONCE):
        target.write(chunk)
        await target.drain()


def _notice_when_it_is_gone(connection: socket.socket) -> None:
    """A client whose machine is gone says no word of it: ask after two minutes of silence."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 120), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 4)):
        with contextlib.suppress(AttributeError):  # macOS calls one of them by another name
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


if __name__ == "__main__":
    sys.exit(main())
