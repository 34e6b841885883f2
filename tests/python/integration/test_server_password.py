"""Only who knows its password can use the server: by PyHive, Beeline, dbt and our own commands."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest
from thrift.transport.TTransport import TTransportException

from tests.python.conftest import (
    PROJECT,
    QUICK_TO_COMPILE,
    Server,
    dbt_command,
    processes_of,
    run_throng,
)
from throng.server.password import PASSWORD_VARIABLE

WRONG = "a password that is long enough and wrong"


@pytest.mark.parametrize(
    "given",
    [
        {"auth": "CUSTOM", "password": WRONG},
        {"auth": "CUSTOM", "password": "throng", "username": "throng"},
        {"auth": "LDAP", "password": WRONG},
        {"auth": "NONE"},
    ],
    ids=["wrong", "the name of the user", "another kind", "none"],
)
def test_nobody_gets_in_without_the_password(server, given):
    with pytest.raises(TTransportException, match="Error validating the login"):
        server.connect(**given)


def test_a_part_of_the_password_is_not_the_password(server):
    password = server.password()
    for given in (password[:-1], password + " x", password.swapcase()):
        with pytest.raises(TTransportException, match="Error validating the login"):
            server.connect(auth="CUSTOM", password=given)
    server.connect().close()


def test_without_sasl_nothing_is_answered(server):
    with pytest.raises((TTransportException, OSError)):
        server.connect(auth="NOSASL")


def test_a_wrong_password_is_one_sentence(server):
    env = {**server.env, PASSWORD_VARIABLE: WRONG}
    for command in (["summary"], ["beeline", "-e", "select 1;"], ["server", "env"]):
        done = run_throng(*command, env=env)
        assert done.returncode == 1
        assert "does not accept the password that the variable" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert WRONG not in done.stdout + done.stderr


def test_dbt_needs_the_password_and_never_says_it(server, tmp_path):
    command = dbt_command("run-operation", "check_server", target=tmp_path, logs=tmp_path)
    answers = {}
    for password in (server.password(), WRONG):
        done = subprocess.run(
            [*command, "--debug"],
            cwd=PROJECT,
            env={**server.env, PASSWORD_VARIABLE: password, "THRONG_LANDING": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        answers[password] = done.returncode
        logged = "".join(file.read_text() for file in tmp_path.rglob("*.log"))
        assert password not in done.stdout + done.stderr + logged
    assert answers == {server.password(): 0, WRONG: 1}, done.stdout


def test_a_shell_takes_what_clients_need(server):
    done = run_throng("server", "env", env=server.env)
    assert done.returncode == 0, done.stderr
    names = ("THRONG_HOST", "THRONG_PORT", PASSWORD_VARIABLE)
    script = done.stdout + "".join(f'echo "${name}"\n' for name in names)
    taken = subprocess.run(["sh"], input=script, env={}, capture_output=True, text=True, check=True)
    assert taken.stdout.split() == ["127.0.0.1", str(server.port), server.password()]


def test_the_password_is_not_for_the_screen(server):
    screen, terminal = pty.openpty()
    done = subprocess.run(
        [str(PROJECT / ".venv/bin/throng"), "server", "env"],
        env=server.env,
        stdout=terminal,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(terminal)
    os.close(screen)
    assert done.returncode == 1
    assert "The password is not for the screen" in done.stderr


def test_another_password_holds_at_once(server):
    former = server.password()
    try:
        server.password_file.write_text(f"{WRONG}\n")
        assert server.query("select 1") == [(1,)]
        with pytest.raises(TTransportException, match="Error validating the login"):
            server.connect(auth="CUSTOM", password=former)
    finally:
        server.password_file.write_text(f"{former}\n")
    assert server.query("select 1") == [(1,)]


def test_the_server_does_not_start_where_others_can_read_its_password(own_server):
    own_server.password_file.parent.mkdir()
    own_server.password_file.write_text(WRONG)
    own_server.password_file.chmod(0o644)
    refused = run_throng("server", "start", env=_with_file(own_server))
    assert refused.returncode == 1
    assert "Others can read the password file" in refused.stderr
    assert processes_of(own_server.warehouse) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::"])
def test_the_server_listens_for_this_machine_only(own_server, host):
    refused = run_throng("server", "start", "--host", host, env=own_server.env)
    assert refused.returncode == 1
    assert f"The server cannot listen on {host}" in refused.stderr


@pytest.mark.long
def test_without_a_password_by_choice_with_a_warning(own_server):
    env = {**own_server.env, "JDK_JAVA_OPTIONS": QUICK_TO_COMPILE, "THRONG_AUTH": "none"}
    started = run_throng("server", "start", env=env)
    assert started.returncode == 0, started.stderr
    assert "Warning: THRONG_AUTH is none" in started.stdout
    assert not own_server.password_file.exists()
    own_server.connect(auth="NONE").close()
    status = run_throng("server", "status", env=own_server.env)
    assert "NO PASSWORD" in status.stdout
    done = run_throng("beeline", "-e", "select 40 + 2;", env=own_server.env)
    assert "42" in done.stdout, done.stderr


def _with_file(server: Server) -> dict[str, str]:
    """Its environment as it is before the first start: clients know no password yet."""
    return {name: value for name, value in server.env.items() if name != PASSWORD_VARIABLE}
