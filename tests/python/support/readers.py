"""A reader server of the tests, over a few tables made here as if they were published."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
from pyhive import hive

from tests.python.conftest import clean_environment, run_throng
from throng.serve.client import connect
from throng.serve.copies import Copy, NewCopy
from throng.serve.roles import add_user
from throng.server.java import find_java
from throng.server.processes import free_port
from throng.server.spark_home import JAVA_OPTIONS, wheel_folder

ROLES = """\
roles:
  public: {marts: all, area_levels: all}
  coarse: {marts: all, area_levels: [admin1]}
  residents: {marts: [count_residents, releases], area_levels: all}
users: {}
"""
#: User to role; the password of each is its name, twice, and a number.
USERS = {"paula": "public", "carl": "coarse", "rita": "residents"}
#: What only some may see; it must come back to nobody else. In results, errors, plans.
SECRETS = ("area-fine-7", "441977", "count_journeys")

_DAY = datetime(2020, 2, 3)
TABLES = {
    "count_residents": (
        {
            "period": ["study"] * 3,
            "period_start": [_DAY] * 3,
            "area_level": ["admin1", "admin1", "admin2"],
            "area_id": ["area-1", "area-2", "area-fine-7"],
            "n_subscribers": [120, 340, 441977],
        },
        ["string", "timestamp", "string", "string", "bigint"],
    ),
    "count_journeys": (
        {
            "period": ["day"] * 3,
            "area_level": ["admin1", "admin1", "admin2"],
            "from_area_id": ["area-1", "area-2", "area-fine-7"],
            "to_area_id": ["area-2", "area-1", "area-fine-7"],
            "mean_distance_km": [12.5, 13.5, 0.5],
        },
        ["string", "string", "string", "string", "double"],
    ),
    "total_subscribers": (
        {"period": ["day", "day"], "n_subscribers": [1000, 1010]},
        ["string", "bigint"],
    ),
    "releases": (
        {
            "release_id": ["r0001"] * 3,
            "mart": ["count_journeys", "count_residents", "total_subscribers"],
        },
        ["string", "string"],
    ),
}


def publish(copies: Path, *, without: str = "", scale: int = 1) -> Copy:
    """A new copy of the tables: less one, or with other numbers of subscribers."""
    new = NewCopy(copies)
    for name, (values, kinds) in TABLES.items():
        if name == without:
            continue
        table = pa.table(values)
        if "n_subscribers" in values:
            place = table.column_names.index("n_subscribers")
            numbers = pa.array([scale * value for value in values["n_subscribers"]])
            table = table.set_column(place, "n_subscribers", numbers)
        if "period_start" in values:
            place = table.column_names.index("period_start")
            table = table.set_column(
                place, "period_start", table["period_start"].cast(pa.timestamp("us", "UTC"))
            )
        columns = [
            (column, kind, f"What {column} is: it's told.")
            for column, kind in zip(values, kinds, strict=True)
        ]
        new.add(name, table, columns, f"Grain: one row of {name}.")
    return new.put_in_force(f"made by hand, {without}, {scale}")


@dataclass(frozen=True)
class Readers:
    """A running reader server."""

    folder: Path
    port: int

    @property
    def env(self) -> dict[str, str]:
        """The environment of its commands; with what the server must not see."""
        return clean_environment(
            THRONG_SERVE_FOLDER=str(self.folder / "serve"),
            THRONG_SERVE_PORT=str(self.port),
            THRONG_ROLES=str(self.roles),
            THRONG_KEY_FILE=str(self.folder / "secret" / "key-of-the-build"),
            DBT_ENV_SECRET_THRONG_PASSWORD="password-of-the-build",
            # With both compilers: a hash of a password takes ten times as long with the first.
        )

    @property
    def copies(self) -> Path:
        return self.folder / "serve" / "copies"

    @property
    def roles(self) -> Path:
        return self.folder / "roles" / "roles.yml"

    @property
    def certificate(self) -> Path:
        return self.folder / "serve" / "tls" / "certificate.pem"

    def prepare(self) -> None:
        """What is there before the first start."""
        self.roles.parent.mkdir(mode=0o700)
        self.roles.write_text(ROLES)
        self.roles.chmod(0o600)
        for user, role in USERS.items():
            add_user(self.roles, user, role, password_of(user))
        (self.folder / "serve").mkdir(mode=0o700)
        publish(self.copies)

    @property
    def state(self) -> dict:
        return json.loads((self.folder / "serve" / "run" / "server.json").read_text())

    def start(self, *options: str, is_sandboxed: bool = False) -> subprocess.CompletedProcess:
        kept_in = [] if is_sandboxed else ["--without-sandbox"]
        return run_throng(
            *["serve", "start", "--memory", "1g", "--no-follow", *kept_in, *options], env=self.env
        )

    def connect(self, user: str, **options) -> hive.Connection:
        given = {
            "host": "localhost",
            "port": self.port,
            "username": user,
            "password": password_of(user),
            "certificate": self.certificate,
            **options,
        }
        return connect(**given)

    @contextlib.contextmanager
    def cursor(self, user: str) -> Iterator[hive.Cursor]:
        with contextlib.closing(self.connect(user)) as connection:
            yield connection.cursor()

    def query(self, user: str, sql: str) -> list[tuple]:
        with self.cursor(user) as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def audit(self) -> list[dict]:
        file = self.folder / "serve" / "audit" / "audit.jsonl"
        text = file.read_text() if file.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def beeline(self, user: str, *statements: str) -> subprocess.CompletedProcess:
        """Beeline with the line that `throng serve start` prints."""
        trust = self.folder / "serve" / "tls" / "truststore.p12"
        return subprocess.run(
            [
                *[
                    str(find_java().binary),
                    *JAVA_OPTIONS,
                    "-cp",
                    str(wheel_folder() / "jars" / "*"),
                ],
                *["org.apache.hive.beeline.BeeLine", "-u"],
                f"jdbc:hive2://localhost:{self.port}/marts;ssl=true;sslTrustStore={trust};"
                "trustStorePassword=changeit",
                *["-n", user, "-p", password_of(user), "--force=true", "--outputformat=csv2"],
                *(word for statement in statements for word in ("-e", statement)),
            ],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def password_of(user: str) -> str:
    return f"{user}-{user}-2020"


@contextlib.contextmanager
def readers_in(folder: Path, *options: str, is_sandboxed: bool = False) -> Iterator[Readers]:
    """A reader server in a folder, stopped at the end."""
    readers = Readers(folder, free_port())
    readers.prepare()
    started = readers.start(*options, is_sandboxed=is_sandboxed)
    assert started.returncode == 0, started.stdout + started.stderr
    try:
        yield readers
    finally:
        run_throng("serve", "stop", env=readers.env)
