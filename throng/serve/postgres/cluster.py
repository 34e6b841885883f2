"""A PostgreSQL of its own: its folder, its configuration, its process.

cluster/config   postgresql.conf, pg_hba.conf, pg_ident.conf; PostgreSQL can read, not write them
cluster/tls      certificate and key
cluster/data     tables
cluster/log      the audit
cluster/socket   the way in for the superuser
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pwd
import re
import resource
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

from throng.serve.postgres.binaries import Binaries, PostgresError
from throng.serve.postgres.ddl import DATABASE, MARTS, READERS, SUPERUSER
from throng.serve.postgres.settings import PostgresSettings
from throng.serve.tls import DAYS, names_of
from throng.server.processes import last_line, spawn

#: Beside the connections of readers: the loader, what enforces the limits, `status`.
_OWN_CONNECTIONS = 5
#: A path to a socket has no more bytes than this (107 on Linux, 103 on macOS).
_LONGEST_SOCKET = 103
_PR_SET_PDEATHSIG = 1
_MEGABYTE = 2**20


def prepare(settings: PostgresSettings, binaries: Binaries) -> None:
    """Folders, certificate and configuration; the tables at the first start.

    Raises:
        PostgresError: something of it cannot be made.
        SettingsError: there is no user to run as.
    """
    account = settings.as_account()
    socket = settings.socket_folder / f".s.PGSQL.{settings.port}"
    if len(os.fsencode(socket)) > _LONGEST_SOCKET:
        raise PostgresError(
            f"The path {socket} is too long for a socket: choose a shorter folder, --cluster."
        )
    try:
        _make_folders(settings, account)
        _make_certificate(settings)
        _write_configuration(settings, binaries)
    except OSError as error:
        raise PostgresError(
            f"The folder {settings.cluster} cannot be used ({error.strerror}): choose another, "
            "--cluster or THRONG_SERVE_POSTGRES_CLUSTER."
        ) from None
    _check_reachable(settings, account)
    _make_tables(settings, binaries, account)


def spawn_postgres(settings: PostgresSettings, binaries: Binaries) -> subprocess.Popen[bytes]:
    """The server. It ends with this process, for then nobody follows what is published.

    Called while this process has one thread: code runs between fork and exec.
    """
    command = [
        *(str(binaries.folder / "postgres"), "-D", str(settings.cluster / "data")),
        *("-c", f"config_file={settings.cluster / 'config' / 'postgresql.conf'}"),
    ]
    memory = settings.limits.memory_mb * _MEGABYTE
    return spawn(
        command,
        settings.run_folder / "postgres.log",
        _ENVIRONMENT,
        cwd=settings.cluster,
        preexec_fn=partial(_before_it_runs, memory),
        **settings.as_account(),
    )


def open_to_readers(settings: PostgresSettings, process: subprocess.Popen[bytes]) -> None:
    """Let readers in, from now on."""
    _write_who_may_come(settings, is_open=True)
    process.send_signal(signal.SIGHUP)


def why_it_ended(settings: PostgresSettings) -> str:
    """The last thing that PostgreSQL said of its own end."""
    # Until its log is open, what goes wrong is here.
    said = (settings.run_folder / "postgres.log").read_text(errors="replace")
    if fatal := re.findall(r"(?:FATAL|PANIC): +(.*)", said):
        return fatal[-1]
    logs = sorted(settings.audit_folder.glob("*.json"))
    line = last_line(logs[-1].read_text(errors="replace")) if logs else ""
    with contextlib.suppress(ValueError, KeyError):
        return json.loads(line)["message"]
    return last_line(said)


_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C", "LC_ALL": "C"}
_LIBC = ctypes.CDLL(None)


def _before_it_runs(memory: int) -> None:
    """Limit the memory of each process, and let the system end them all when this one ends."""
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _make_folders(settings: PostgresSettings, account: dict[str, object]) -> None:
    """What PostgreSQL only reads stays the starter's, so that it cannot change its own rules."""
    cluster = settings.cluster
    cluster.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in (cluster, cluster / "config", cluster / "tls"):
        folder.mkdir(exist_ok=True, mode=0o700)
        _let_read(folder, account)
    for folder in (cluster / "data", settings.audit_folder, settings.socket_folder):
        folder.mkdir(exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        if account:
            os.chown(folder, account["user"], account["group"], follow_symlinks=False)


def _let_read(path: Path, account: dict[str, object]) -> None:
    """Let PostgreSQL's user read a file or enter a folder, and nobody else."""
    if account:
        os.chown(path, os.geteuid(), account["group"])
        path.chmod(0o750 if path.is_dir() else 0o640)
    else:
        path.chmod(0o700 if path.is_dir() else 0o600)


def _check_reachable(settings: PostgresSettings, account: dict[str, object]) -> None:
    if not account:
        return
    done = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(settings.cluster)],
        cwd="/",
        capture_output=True,
        check=False,
        env=_ENVIRONMENT,
        **account,
    )
    if done.returncode:
        raise PostgresError(
            f"PostgreSQL does not run as root, so it runs as the user {settings.account}, who "
            f"cannot enter {settings.cluster}: give a folder where it can, --cluster or "
            "THRONG_SERVE_POSTGRES_CLUSTER."
        )


def _make_certificate(settings: PostgresSettings) -> None:
    """Copies of the files that were given, or a certificate for this machine, made once."""
    folder = settings.cluster / "tls"
    certificate, key = settings.certificate_file, folder / "key.pem"
    if settings.certificate and settings.key:
        for source, target in ((settings.certificate, certificate), (settings.key, key)):
            try:
                text = source.read_text()
            except (OSError, UnicodeDecodeError):
                raise PostgresError(f"{source} cannot be read, or is no PEM file.") from None
            _write(target, text, settings)
    elif not (certificate.exists() and key.exists()):
        _self_signed(settings, certificate, key)


def _self_signed(settings: PostgresSettings, certificate: Path, key: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        raise PostgresError(
            "There is no openssl to make a certificate with: install it, or give one by "
            "--certificate and --key."
        )
    # A configuration of our own: that of the system may add what does not fit.
    request = settings.run_folder / "certificate.cnf"
    request.write_text(
        "[req]\ndistinguished_name=name\nx509_extensions=extensions\nprompt=no\n"
        "[name]\nCN=throng\n[extensions]\nbasicConstraints=critical,CA:TRUE,pathlen:0\n"
        f"subjectAltName={','.join(names_of(settings.host))}\n"
    )
    made = {path: settings.run_folder / path.name for path in (certificate, key)}
    done = subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:prime256v1", "-nodes", "-sha256", "-days", DAYS),
            *("-config", str(request), "-keyout", str(made[key]), "-out", str(made[certificate])),
        ],
        capture_output=True,
        text=True,
        check=False,
        umask=0o077,
    )
    if done.returncode:
        raise PostgresError(f"openssl makes no certificate: {last_line(done.stderr)}")
    for target, source in made.items():
        _write(target, source.read_text(), settings)
        source.unlink()


def _write(path: Path, text: str, settings: PostgresSettings) -> None:
    """A file that PostgreSQL reads; others never see it half written or open."""
    unfinished = path.with_name(f".{path.name}")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    _let_read(unfinished, settings.as_account())
    unfinished.replace(path)


def _write_configuration(settings: PostgresSettings, binaries: Binaries) -> None:
    folder = settings.cluster / "config"
    lines = [f"{name} = {_value(value)}" for name, value in _values(settings, binaries).items()]
    _write(folder / "postgresql.conf", "\n".join([*lines, ""]), settings)
    _write_who_may_come(settings, is_open=False)
    starter = pwd.getpwuid(os.geteuid()).pw_name
    _write(folder / "pg_ident.conf", f'throng "{starter}" {SUPERUSER}\n', settings)


def _write_who_may_come(settings: PostgresSettings, *, is_open: bool) -> None:
    """Until what is in force has been loaded, nobody: it may be less than what was loaded last."""
    readers = f"hostssl {DATABASE} +{READERS} all scram-sha-256\n" if is_open else ""
    _write(
        settings.cluster / "config" / "pg_hba.conf",
        f"local all {SUPERUSER} peer map=throng\n{readers}local all all reject\n"
        "host all all all reject\n",
        settings,
    )


def _values(settings: PostgresSettings, binaries: Binaries) -> dict[str, object]:
    """The whole configuration. What is not here has PostgreSQL's default."""
    config = settings.cluster / "config"
    limits = settings.limits
    libraries = [name for name in ("pgaudit", "auth_delay") if binaries.has_library(name)]
    values: dict[str, object] = {
        "data_directory": settings.cluster / "data",
        "hba_file": config / "pg_hba.conf",
        "ident_file": config / "pg_ident.conf",
        "listen_addresses": settings.host,
        "port": settings.port,
        "unix_socket_directories": settings.socket_folder,
        "unix_socket_permissions": "0700",
        "shared_preload_libraries": ",".join(libraries),
        "ssl": "on",
        # Relative to the data, for every user may ask for these two.
        "ssl_cert_file": "../tls/certificate.pem",
        "ssl_key_file": "../tls/key.pem",
        "ssl_min_protocol_version": "TLSv1.2",
        "password_encryption": "scram-sha-256",
        "authentication_timeout": "10s",
        # Who may come in, and how long.
        "max_connections": limits.connections + _OWN_CONNECTIONS,
        "superuser_reserved_connections": _OWN_CONNECTIONS,
        "statement_timeout": f"{limits.seconds}s",
        "idle_in_transaction_session_timeout": f"{limits.idle_seconds}s",
        "idle_session_timeout": "1h",
        "client_connection_check_interval": "10s",
        "temp_file_limit": f"{limits.spill_mb}MB",
        "default_transaction_read_only": "on",
        "search_path": MARTS,
        "TimeZone": "UTC",
        "jit": "off",
        # A statement has one core: no session takes those of others.
        "max_worker_processes": 0,
        "max_parallel_workers": 0,
        "max_parallel_workers_per_gather": 0,
        "max_logical_replication_workers": 0,
        # Nothing is replicated: what was withdrawn leaves the log of changes soon.
        "wal_level": "minimal",
        "max_wal_senders": 0,
        "max_replication_slots": 0,
        "max_wal_size": "512MB",
        # Its statistics would be of rows that a reader may not see; the loader tidies up.
        "autovacuum": "off",
        # The audit.
        "logging_collector": "on",
        "log_destination": "jsonlog",
        "log_directory": settings.audit_folder,
        "log_filename": "audit-%Y%m%d-%H%M%S.log",
        "log_file_mode": "0600",
        "log_rotation_size": "10MB",
        "log_rotation_age": "1d",
        "log_timezone": "UTC",
        "log_connections": "on",
        "log_disconnections": "on",
        "log_duration": "on",
        "log_statement": "none" if "pgaudit" in libraries else "all",
    }
    if "pgaudit" in libraries:
        values |= {"pgaudit.log": "all", "pgaudit.log_parameter": "on"}
    if "auth_delay" in libraries:
        values["auth_delay.milliseconds"] = 1000
    return values


def _value(value: object) -> str:
    """A value as postgresql.conf has it."""
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def _make_tables(
    settings: PostgresSettings, binaries: Binaries, account: dict[str, object]
) -> None:
    """initdb, if it was not run before.

    Raises:
        PostgresError: it fails, or the tables are those of another version.
    """
    data = settings.cluster / "data"
    version = data / "PG_VERSION"
    if version.exists():
        made_by = version.read_text().strip()
        if made_by != str(binaries.version):
            raise PostgresError(
                f"The tables in {data} are those of PostgreSQL {made_by}, and this one has version "
                f"{binaries.version}: remove {data}. They are loaded again from the copies."
            )
        return
    command = [
        *(str(binaries.folder / "initdb"), "-D", str(data), f"--username={SUPERUSER}"),
        *("--encoding=UTF8", "--locale=C", "--auth=reject", "--data-checksums"),
        # Small and large letters of all languages; sorted by bytes all the same.
        *(("--lc-ctype=C.UTF-8",) if sys.platform == "linux" else ()),
        "--no-instructions",
    ]
    done = subprocess.run(
        command,
        cwd=settings.cluster,
        env=_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        **account,
    )
    if done.returncode:
        raise PostgresError(f"PostgreSQL makes no tables in {data}: {last_line(done.stderr)}")
