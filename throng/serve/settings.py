"""What a reader server is started with: options, then THRONG_SERVE_* variables, then defaults."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from throng.server.settings import LOOPBACK, SettingsError, heap_mb, port_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def roles_file() -> Path:
    """Where users and roles are: THRONG_ROLES, else ~/.config/throng/readers/roles.yml.

    Not beside the keyring: in a sandbox the server sees the whole folder.
    """
    default = Path.home() / ".config" / "throng" / "readers" / "roles.yml"
    return Path(os.environ.get("THRONG_ROLES") or default).absolute()


@dataclass(frozen=True)
class Limits:
    """What one reader may take, so that others are not kept waiting.

    Attributes:
        seconds: of a statement.
        rows: of a result.
        statements_of_user: that run at a time, of one user.
        statements: that run at a time, of all.
    """

    seconds: int = 300
    rows: int = 1_000_000
    statements_of_user: int = 4
    statements: int = 16


@dataclass(frozen=True)
class ServeSettings:
    """Everything that decides how a reader server runs.

    Attributes:
        host: address it listens on.
        port: its port.
        memory: heap of the JVM, as Java writes it ("2g", "1500m").
        folder: of its own: copies/ (what is published), run/ (log, lock), audit/, tls/.
        roles: the file of users and roles.
        is_encrypted: whether it asks for TLS; without it only on loopback.
        keystore: a PKCS12 file with key and certificate; None makes one.
        keystore_password_file: the file with the password of that one.
        ldap_url: the LDAP server that knows the passwords of users who have `password: ldap`.
        ldap_user_dn: what such a user is called there, with %s for the name.
        is_following: whether it follows the build server; else the copy that is there is served.
        is_sandboxed: whether the operating system has to keep it in (bubblewrap).
        limits: what one reader may take.
    """

    #: Of the server, in its folder run/; by a relative path, since the path of a socket is short.
    SOCKET: ClassVar[str] = "server.sock"

    host: str = "127.0.0.1"
    port: int = 10001
    memory: str = "2g"
    folder: Path = Path("data/serve")
    roles: Path = Path("roles.yml")
    is_encrypted: bool = True
    keystore: Path | None = None
    keystore_password_file: Path | None = None
    ldap_url: str | None = None
    ldap_user_dn: str | None = None
    is_following: bool = True
    is_sandboxed: bool = True
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def resolve(
        cls,
        *,
        host: str | None = None,
        port: int | None = None,
        memory: str | None = None,
        folder: Path | None = None,
        is_encrypted: bool = True,
        keystore: Path | None = None,
        keystore_password_file: Path | None = None,
        ldap_url: str | None = None,
        ldap_user_dn: str | None = None,
        is_following: bool = True,
        is_sandboxed: bool = True,
        limits: Limits | None = None,
    ) -> ServeSettings:
        """Fill what is None from THRONG_SERVE_HOST, _PORT, _MEMORY and _FOLDER, then from the
        defaults. What makes a server less safe has no variable.

        Raises:
            SettingsError: a value that cannot be used, with the place it came from.
        """
        settings = cls(
            host=host or os.environ.get("THRONG_SERVE_HOST") or cls.host,
            port=port_of("--port", port) or port_of("THRONG_SERVE_PORT") or cls.port,
            memory=memory or os.environ.get("THRONG_SERVE_MEMORY") or cls.memory,
            folder=Path(folder or os.environ.get("THRONG_SERVE_FOLDER") or cls.folder).absolute(),
            roles=roles_file(),
            is_encrypted=is_encrypted,
            keystore=keystore.absolute() if keystore else None,
            keystore_password_file=(
                keystore_password_file.absolute() if keystore_password_file else None
            ),
            ldap_url=ldap_url,
            ldap_user_dn=ldap_user_dn,
            is_following=is_following,
            is_sandboxed=is_sandboxed,
            limits=limits or Limits(),
        )
        heap_mb(settings.memory, "THRONG_SERVE_MEMORY")
        if not settings.is_encrypted and settings.host not in LOOPBACK:
            raise SettingsError(
                f"Without TLS passwords could be read on their way to {settings.host}: leave out "
                "--no-tls, or listen on 127.0.0.1."
            )
        if (keystore is None) != (keystore_password_file is None):
            raise SettingsError("--keystore and --keystore-password-file go together: give both.")
        _check_ldap(settings)
        check_limits(settings.limits)
        return settings

    @property
    def memory_mb(self) -> int:
        """Heap in MB."""
        return heap_mb(self.memory, "THRONG_SERVE_MEMORY")

    @property
    def copies(self) -> Path:
        """Copies of what is published, and which of them is in force."""
        return self.folder / "copies"

    @property
    def run_folder(self) -> Path:
        """Where the server keeps its pid, lock, log and tables."""
        return self.folder / "run"

    @property
    def audit_folder(self) -> Path:
        """Where each statement is written down."""
        return self.folder / "audit"

    @property
    def tls_folder(self) -> Path:
        """Key and certificate that the first start has made."""
        return self.folder / "tls"

    @property
    def log_file(self) -> Path:
        """The server's log."""
        return self.run_folder / "server.log"

    @property
    def state_file(self) -> Path:
        """Written once readers can come, removed when the server stops."""
        return self.run_folder / "server.json"

    @property
    def driver_file(self) -> Path:
        """Written by the server when it is ready, for the process that listens for it."""
        return self.run_folder / "driver.json"

    @property
    def follower_file(self) -> Path:
        """Written when a process begins to follow the build server."""
        return self.run_folder / "follow.json"

    @property
    def postgres_state_file(self) -> Path:
        """Written by `throng serve postgres`, which reads the same copies."""
        return self.folder / "postgres" / "postgres.json"

    def to_json(self) -> str:
        """The settings as one JSON object."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> ServeSettings:
        """The inverse of to_json."""
        values = json.loads(text)
        for name in ("folder", "roles", "keystore", "keystore_password_file"):
            values[name] = Path(values[name]) if values[name] else None
        return cls(**{**values, "limits": Limits(**values["limits"])})


def check_limits(limits: DataclassInstance) -> None:
    """Stop where a limit of a server for readers is none.

    Raises:
        SettingsError: one is below 1.
    """
    if min(asdict(limits).values()) < 1:
        raise SettingsError("Each limit is a whole number from 1 on.")


def _check_ldap(settings: ServeSettings) -> None:
    if (settings.ldap_url is None) != (settings.ldap_user_dn is None):
        raise SettingsError("--ldap-url and --ldap-user-dn go together: give both.")
    if settings.ldap_url is None:
        return
    found = urlsplit(settings.ldap_url)
    if found.scheme != "ldaps" and not (found.scheme == "ldap" and found.hostname in LOOPBACK):
        raise SettingsError(
            f"--ldap-url {settings.ldap_url} is not ldaps://HOST, so passwords could be read on "
            "their way."
        )
    if settings.ldap_user_dn.count("%s") != 1:
        raise SettingsError(
            "--ldap-user-dn has %s where the name of the user stands, such as "
            "uid=%s,ou=people,dc=example,dc=org."
        )
    if settings.is_sandboxed:
        raise SettingsError(
            "A server in a sandbox has no network and cannot ask an LDAP server: start it with "
            "--without-sandbox, as a user of the system of its own (deploy/throng-serve.service)."
        )
