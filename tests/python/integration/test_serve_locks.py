"""Each lock of the reader plane while others are off: what it holds alone."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyhive import exc
from thrift.Thrift import TException

from tests.python.support import unlocked
from tests.python.support.hostile import all_filled
from tests.python.support.readers import Readers
from throng.serve import control
from throng.serve.settings import Limits, ServeSettings
from throng.server.processes import free_port

pytestmark = pytest.mark.long

CANARY = "canary-of-the-build"


@contextlib.contextmanager
def server_without(
    folder: Path, *locks: str, is_sandboxed: bool = False, is_encrypted: bool = True
) -> Iterator[Readers]:
    """A reader server that lacks these locks."""
    readers = Readers(folder, free_port())
    readers.prepare()
    (folder / "secret").mkdir()
    (folder / "secret" / "canary.csv").write_text(f"{CANARY}\n")
    settings = ServeSettings(
        port=readers.port,
        memory="1g",
        folder=folder / "serve",
        roles=readers.roles,
        is_following=False,
        is_sandboxed=is_sandboxed,
        is_encrypted=is_encrypted,
        limits=Limits(seconds=5),
    )
    settings.run_folder.mkdir(mode=0o700)
    driver = settings.run_folder / "unlocked.py"
    shutil.copyfile(unlocked.__file__, driver)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(control, "_DRIVER", (str(driver), ",".join(locks)))
        patch.setenv("DBT_ENV_SECRET_THRONG_PASSWORD", "password-of-the-build")
        patch.setenv("THRONG_KEY_FILE", str(folder / "secret" / "key-of-the-build"))
        control.start(settings, print)
    try:
        yield readers
    finally:
        control.stop(settings)


def asked(readers: Readers, sql: str, user: str = "paula", **options) -> str:
    """All that comes back of a statement, in a connection of its own."""
    with contextlib.closing(readers.connect(user, **options)) as connection:
        cursor = connection.cursor()
        try:
            cursor.execute(sql)
            return f"{cursor.description} {cursor.fetchall() if cursor.description else ''}"
        except exc.OperationalError as error:
            return str(error.args[0].status.errorMessage)


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory):
    """Without the guard and Spark's own locks, not in a sandbox: what is left is TLS, the password
    and an environment with nothing in it."""
    with server_without(tmp_path_factory.mktemp("unguarded"), "guard", "spark") as readers:
        yield readers


@pytest.fixture(scope="module")
def kept_in(tmp_path_factory):
    """The same in a sandbox."""
    if not shutil.which("bwrap"):
        # What it holds cannot be asked where it is not; the other locks are tested all the same.
        pytest.skip("no bubblewrap on this machine (apt-get install bubblewrap): sandbox UNTESTED")
    folder = tmp_path_factory.mktemp("kept_in")
    with server_without(folder, "guard", "spark", is_sandboxed=True) as readers:
        yield readers


def test_without_guard_and_sandbox_files_are_open(unguarded):
    """That is what the others are for; a test of these that finds nothing finds nothing because of
    them."""
    assert CANARY in asked(
        unguarded, f"select * from text.`{unguarded.folder / 'secret' / 'canary.csv'}`"
    )
    assert "root:" in asked(unguarded, "select * from text.`/etc/passwd`")


@pytest.mark.parametrize("given", ["a wrong password", ""])
def test_the_password_alone(unguarded, given):
    with pytest.raises((TException, AttributeError)):
        unguarded.connect("paula", password=given)
    with pytest.raises(TException):
        unguarded.connect("nobody")


def test_the_environment_alone(unguarded):
    """Whoever can call Java's methods finds no secret of the build in the environment."""
    told = asked(unguarded, "select reflect('java.lang.System', 'getenv')")
    assert "SPARK_HOME" in told
    assert "of-the-build" not in told
    assert "DBT_" not in told


def test_the_sandbox_alone_has_no_file_of_anybody_else(kept_in):
    own = str(kept_in.folder / "serve" / "copies")
    assert "current" in asked(kept_in, f"select path from binaryFile.`{own}/current`")
    for path in (
        kept_in.folder / "secret" / "canary.csv",
        kept_in.folder / "secret",
        kept_in.folder / "serve" / "tls" / "..",
        Path(unlocked.__file__),
        Path.home(),
        Path("/etc/shadow"),
        Path("/etc/ssl/private"),
        Path("/root"),
        Path("/proc/1/root/root"),
        Path("/var"),
    ):
        told = asked(kept_in, f"select * from text.`{path}`")
        # Folders above what is seen are there, and empty.
        assert "PATH_NOT_FOUND" in told or told.endswith(" []"), (path, told)


def test_the_sandbox_alone_has_no_network_and_sees_no_other_process(kept_in):
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(1)
        port = other.getsockname()[1]
        asked(
            kept_in,
            "create temporary view x using jdbc options "
            f"(url 'jdbc:hive2://127.0.0.1:{port}', dbtable 'x', driver "
            "'org.apache.hive.jdbc.HiveDriver')",
        )
        with pytest.raises(TimeoutError):
            other.accept()
    told = asked(kept_in, "select length(value) from text.`/proc/1/environ`")
    assert "of-the-build" not in told
    pids = asked(kept_in, "select reflect('java.lang.ProcessHandle', 'current')")
    assert int("".join(letter for letter in pids.split("[")[-1] if letter.isdigit())) < 100


def test_the_sandbox_alone_can_write_to_its_own_folders_only(kept_in):
    for path in (kept_in.folder / "written", kept_in.copies / "9", Path("/usr/written")):
        asked(kept_in, f"insert overwrite directory '{path}' using csv select 1")
        assert not path.exists(), path


def test_the_same_attack_reaches_the_network_without_a_sandbox(unguarded):
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(20)
        port = other.getsockname()[1]
        with contextlib.closing(unguarded.connect("paula")) as connection:
            connection.cursor().execute(
                "create temporary view x using jdbc options "
                f"(url 'jdbc:hive2://127.0.0.1:{port}', dbtable 'x', driver "
                "'org.apache.hive.jdbc.HiveDriver')",
                async_=True,
            )
            other.accept()[0].close()


def test_sparks_own_locks_alone(tmp_path):
    """Without guard and password: no SQL on files, no variables, nothing but copies in the catalog,
    a limit of time, and of each set of files a table of its own."""
    with server_without(tmp_path, "guard", "password") as readers:
        canary = tmp_path / "secret" / "canary.csv"
        for kind in ("text", "csv", "json", "binaryFile", "parquet"):
            assert CANARY not in asked(readers, f"select * from {kind}.`{canary}`")
        assert "${env:PATH}" in asked(readers, "select '${env:PATH}'")
        assert "keystore.password}" in asked(
            readers, "select '${system:hive.server2.keystore.password}'"
        )
        schemas = asked(readers, "show schemas")
        assert "protected" not in schemas
        assert "readers_1" in schemas
        began = time.monotonic()
        told = asked(readers, "select count(*) from range(1e12) a cross join range(1e12) b")
        assert "TIMEDOUT" in told, told
        assert time.monotonic() - began < 60
        tables = [
            asked(readers, f"select * from readers_1.count_residents__{n}") for n in range(12)
        ]
        found = [told for told in tables if "area-1" in told]
        assert {("area-fine-7" in told) for told in found} == {True, False}
        assert asked(readers, "select 1", user="nobody-at-all", password="x") != ""


def test_tls_alone(tmp_path):
    """Without guard, password and Spark's locks: who does not speak TLS 1.2 or 1.3 gets no word."""
    with server_without(tmp_path, "guard", "spark", "password") as readers:
        with pytest.raises(TException):
            readers.connect("paula", is_encrypted=False)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context.minimum_version, context.maximum_version = version, version
            with (
                socket.create_connection(("localhost", readers.port)) as plain,
                context.wrap_socket(plain) as client,
            ):
                assert client.version() in ("TLSv1.2", "TLSv1.3")
            context.minimum_version = ssl.TLSVersion.TLSv1_2


def test_the_guard_alone(tmp_path):
    """Without TLS, password, Spark's locks and a sandbox, by every role."""
    with server_without(tmp_path, "spark", "password", is_encrypted=False) as readers:
        options = {"password": "anything", "is_encrypted": False}
        places = {
            "canary": tmp_path / "secret" / "canary.csv",
            "served": next((tmp_path / "serve" / "run" / "served").rglob("*/1.parquet")),
            "folder": tmp_path / "written",
            "port": 1,
        }
        forbidden = {"paula": (), "carl": ("area-fine-7",), "rita": ("mean_distance_km",)}
        for user, hidden in forbidden.items():
            with contextlib.closing(readers.connect(user, **options)) as connection:
                cursor = connection.cursor()
                for sql in all_filled(**places):
                    with pytest.raises(exc.OperationalError) as refused:
                        cursor.execute(sql)
                        cursor.fetchall()
                    told = refused.value.args[0].status.errorMessage.replace(
                        str(places["served"]), ""
                    )
                    for secret in (CANARY, "of-the-build", "at org.apache", *hidden):
                        assert secret not in told, (user, sql[:200], told[:500])
        assert not places["folder"].exists()
        with pytest.raises(exc.OperationalError):
            asked(readers, "select 1", user="nobody-at-all", **options)
