"""What PostgreSQL is started with: options, then THRONG_SERVE_POSTGRES_*, then defaults."""

from __future__ import annotations

import json
import os
import pwd
from dataclasses import asdict, dataclass, field
from pathlib import Path

from throng.serve.settings import ServeSettings, check_limits, roles_file
from throng.server.settings import SettingsError, port_of

_PREFIX = "THRONG_SERVE_POSTGRES"
#: Less, and a session could not even map the memory that all sessions share.
_LEAST_MEMORY_MB = 512


@dataclass(frozen=True)
class Limits:
    """What one reader may take, so that others are not kept waiting.

    Attributes:
        seconds: of a statement, and of a transaction.
        idle_seconds: that a transaction may wait for its next statement.
        connections_of_user: at a time; each runs one statement.
        connections: of all readers at a time.
        memory_mb: of a session.
        spill_mb: of files that a session writes while it sorts and joins.
    """

    seconds: int = 300
    idle_seconds: int = 60
    connections_of_user: int = 8
    connections: int = 64
    memory_mb: int = 1024
    spill_mb: int = 1024


@dataclass(frozen=True)
class PostgresSettings:
    """Everything that decides how PostgreSQL runs.

    Attributes:
        host: address it listens on.
        port: its port.
        folder: that of `throng serve`, with the copies of what is published.
        cluster: what PostgreSQL has for itself: configuration, tables, log.
        roles: the file of users and roles.
        account: the user of the system that PostgreSQL runs as; None: the one who starts it.
        certificate: a PEM file; None makes one.
        key: the PEM file of its key.
        is_following: whether the build server is followed; else the copy that is there is served.
        limits: what one reader may take.
    """

    host: str = "127.0.0.1"
    port: int = 10002
    folder: Path = Path("data/serve")
    cluster: Path = Path("data/serve/postgres/cluster")
    roles: Path = Path("roles.yml")
    account: str | None = None
    certificate: Path | None = None
    key: Path | None = None
    is_following: bool = True
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def resolve(
        cls,
        *,
        host: str | None = None,
        port: int | None = None,
        folder: Path | None = None,
        cluster: Path | None = None,
        account: str | None = None,
        certificate: Path | None = None,
        key: Path | None = None,
        is_following: bool = True,
        limits: Limits | None = None,
    ) -> PostgresSettings:
        """Fill what is None from THRONG_SERVE_FOLDER and THRONG_SERVE_POSTGRES_HOST, _PORT,
        _CLUSTER and _USER, then from the defaults.

        Raises:
            SettingsError: a value that cannot be used, with the place it came from.
        """
        serve = ServeSettings.resolve(folder=folder)
        chosen = cluster or os.environ.get(f"{_PREFIX}_CLUSTER")
        if os.geteuid() == 0:
            account = account or os.environ.get(f"{_PREFIX}_USER") or "postgres"
        elif account:
            raise SettingsError("--run-as is for root, who alone can run it as another user.")
        settings = cls(
            host=host or os.environ.get(f"{_PREFIX}_HOST") or cls.host,
            port=port_of("--port", port) or port_of(f"{_PREFIX}_PORT") or cls.port,
            folder=serve.folder,
            cluster=Path(chosen or serve.postgres_state_file.parent / "cluster").absolute(),
            roles=roles_file(),
            account=account,
            certificate=certificate.absolute() if certificate else None,
            key=key.absolute() if key else None,
            is_following=is_following,
            limits=limits or Limits(),
        )
        if (certificate is None) != (key is None):
            raise SettingsError("--certificate and --key go together: give both.")
        check_limits(settings.limits)
        if settings.limits.memory_mb < _LEAST_MEMORY_MB:
            raise SettingsError(f"--memory-mb: {_LEAST_MEMORY_MB} is the least of a session.")
        return settings

    @property
    def serve(self) -> ServeSettings:
        """Of the folder that the reader server and PostgreSQL share."""
        return ServeSettings(folder=self.folder, roles=self.roles, is_following=self.is_following)

    @property
    def copies(self) -> Path:
        """Copies of what is published, and which of them is in force."""
        return self.serve.copies

    @property
    def state_file(self) -> Path:
        """Written by the running server, removed when it stops."""
        return self.serve.postgres_state_file

    @property
    def run_folder(self) -> Path:
        """Lock, state and log of what starts PostgreSQL and loads it."""
        return self.state_file.parent

    @property
    def log_file(self) -> Path:
        """What was loaded when, and what went wrong."""
        return self.run_folder / "watch.log"

    @property
    def socket_folder(self) -> Path:
        """The way in for the superuser."""
        return self.cluster / "socket"

    @property
    def audit_folder(self) -> Path:
        """Where PostgreSQL writes each statement down."""
        return self.cluster / "log"

    @property
    def certificate_file(self) -> Path:
        """What clients have to trust; made by the first start unless one is given."""
        return self.cluster / "tls" / "certificate.pem"

    def as_account(self) -> dict[str, object]:
        """Options of subprocess that run something as PostgreSQL's user.

        Raises:
            SettingsError: there is no such user.
        """
        if self.account is None:
            return {}
        try:
            found = pwd.getpwnam(self.account)
        except KeyError:
            raise SettingsError(
                "PostgreSQL does not run as root, and there is no user "
                f"{self.account} to run it as: name another, --run-as or {_PREFIX}_USER."
            ) from None
        if found.pw_uid == 0:
            raise SettingsError("PostgreSQL does not run as root: name another user, --run-as.")
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}

    def to_json(self) -> str:
        """The settings as one JSON object."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> PostgresSettings:
        """The inverse of to_json."""
        values = json.loads(text)
        for name in ("folder", "cluster", "roles", "certificate", "key"):
            values[name] = Path(values[name]) if values[name] else None
        return cls(**{**values, "limits": Limits(**values["limits"])})
