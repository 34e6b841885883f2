"""What a server is started with: options, then THRONG_* environment variables, then defaults."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

# Exit code of a server that finds its warehouse folder in use.
LOCK_TAKEN = 75
LOOPBACK = ("127.0.0.1", "localhost", "::1")
AUTHS = ("password", "none")
# Settings of Spark that would let others in.
_FIXED = tuple(
    f"spark.hadoop.hive.server2.{name}"
    for name in ("authentication", "custom.authentication", "thrift.bind.host", "thrift.port")
)
# Below this Spark refuses to start at all (it reserves 300 MB for itself).
LEAST_MEMORY_MB = 512


class SettingsError(Exception):
    """An option or environment variable that cannot be used; the message says which and why."""


@dataclass(frozen=True)
class ServerSettings:
    """Everything that decides how a server runs.

    Attributes:
        host: address the Thrift port listens on.
        port: Thrift port.
        memory: heap of the JVM, as Java writes it ("2g", "1500m").
        warehouse: folder of one server: tables/, metastore/ and server/ (log, pid, lock).
        master: Spark master URL.
        ui_port: port of Spark's web page on loopback; None (default) starts none, because the
            page shows every statement to whoever opens it.
        spark_conf: further Spark settings, which win over ours.
        auth: what clients must show: "password" (throng/server/password.py) or "none".
    """

    host: str = "127.0.0.1"
    port: int = 10000
    memory: str = "2g"
    warehouse: Path = Path("data/warehouse")
    master: str = "local[*]"
    ui_port: int | None = None
    spark_conf: dict[str, str] = field(default_factory=dict)
    auth: str = "password"

    @classmethod
    def resolve(
        cls,
        *,
        host: str | None = None,
        port: int | None = None,
        memory: str | None = None,
        warehouse: Path | None = None,
        master: str | None = None,
        ui_port: int | None = None,
        spark_conf: list[str] | None = None,
    ) -> ServerSettings:
        """Fill what is None from THRONG_HOST, _PORT, _MEMORY, _WAREHOUSE, _MASTER, _UI_PORT and
        _SPARK_CONF (key=value, several separated by ";"), then from the defaults. THRONG_AUTH
        alone decides about `auth`: what makes a server open has no short option.

        Raises:
            SettingsError: a value that cannot be used, with the place it came from.
        """
        conf_lines = [*os.environ.get("THRONG_SPARK_CONF", "").split(";"), *(spark_conf or [])]
        settings = cls(
            host=host or os.environ.get("THRONG_HOST") or cls.host,
            port=port_of("--port", port) or port_of("THRONG_PORT") or cls.port,
            memory=memory or os.environ.get("THRONG_MEMORY") or cls.memory,
            warehouse=Path(
                warehouse or os.environ.get("THRONG_WAREHOUSE") or cls.warehouse
            ).absolute(),
            master=master or os.environ.get("THRONG_MASTER") or cls.master,
            ui_port=port_of("--ui-port", ui_port) or port_of("THRONG_UI_PORT"),
            spark_conf=dict(_key_value(line) for line in conf_lines if line.strip()),
            auth=os.environ.get("THRONG_AUTH") or cls.auth,
        )
        if settings.auth not in AUTHS:
            raise SettingsError(
                f"THRONG_AUTH is '{settings.auth}': set it to password (the default) or none."
            )
        for key in settings.spark_conf:
            if key.lower().startswith(_FIXED):
                raise SettingsError(
                    f"{key} cannot be set by --conf or THRONG_SPARK_CONF: who can reach the server "
                    "is decided by THRONG_AUTH, --host and --port."
                )
        if ";" in str(settings.warehouse):
            raise SettingsError(f"the warehouse folder {settings.warehouse} has a ; in its name.")
        heap_mb(settings.memory, "THRONG_MEMORY")
        return settings

    @property
    def is_address_given(self) -> bool:
        """Whether the environment says where the server is."""
        return bool(os.environ.get("THRONG_HOST") or os.environ.get("THRONG_PORT"))

    @property
    def memory_mb(self) -> int:
        """Heap in MB."""
        return heap_mb(self.memory, "THRONG_MEMORY")

    @property
    def is_local(self) -> bool:
        """Whether Spark runs inside this one process."""
        return self.master.startswith("local") and not self.master.startswith("local-cluster")

    @property
    def run_folder(self) -> Path:
        """Where this server keeps its pid, lock and log."""
        return self.warehouse / "server"

    @property
    def log_file(self) -> Path:
        """The server's log."""
        return self.run_folder / "server.log"

    @property
    def state_file(self) -> Path:
        """Written by the running server, removed when it stops."""
        return self.run_folder / "server.json"

    def to_json(self) -> str:
        """The settings as one JSON object."""
        return json.dumps({**asdict(self), "warehouse": str(self.warehouse)})

    @classmethod
    def from_json(cls, text: str) -> ServerSettings:
        """The inverse of to_json."""
        values = json.loads(text)
        return cls(**{**values, "warehouse": Path(values["warehouse"])})


def heap_mb(memory: str, variable: str) -> int:
    """A heap as Java writes it ("2g", "1500m"), in MB.

    Args:
        memory: what --memory or the environment says.
        variable: of the environment, for the sentence.

    Raises:
        SettingsError: it is not written so, or too little for Spark.
    """
    match = re.fullmatch(r"(\d+)([mMgG])", memory)
    if not match:
        raise SettingsError(
            f"memory '{memory}' is not understood: write it like 2g or 1500m (--memory or "
            f"{variable})."
        )
    found = int(match[1]) * (1024 if match[2] in "gG" else 1)
    if found < LEAST_MEMORY_MB:
        raise SettingsError(
            f"memory {memory} is too little for Spark: give at least {LEAST_MEMORY_MB}m (--memory "
            f"or {variable})."
        )
    return found


def port_of(source: str, given: int | None = None) -> int | None:
    """The port given by an option, or by the environment variable `source`; None if by neither.

    Raises:
        SettingsError: it is no port.
    """
    text = os.environ.get(source, "") if given is None else str(given)
    if not text:
        return None
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise SettingsError(f"{source} is '{text}': a port is a number from 1 to 65535.")
    return int(text)


def _key_value(line: str) -> tuple[str, str]:
    key, separator, value = line.strip().partition("=")
    if not separator or not key.startswith("spark."):
        raise SettingsError(
            f"Spark setting '{line}' is not understood: write spark.some.key=value "
            "(--conf or THRONG_SPARK_CONF)."
        )
    return key, value
