"""What keeps a reader server from starting: said in one sentence, before anything runs."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.python.conftest import clean_environment, run_throng
from throng.serve import sandbox
from throng.serve.control import how_to_connect
from throng.serve.roles import add_user
from throng.serve.sandbox import SandboxError, bwrap_command
from throng.serve.settings import Limits, ServeSettings


@pytest.fixture
def env(tmp_path):
    add_user(tmp_path / "own" / "roles.yml", "anna", "public", "long-enough-to-be-one")
    return clean_environment(
        THRONG_SERVE_FOLDER=str(tmp_path / "serve"),
        THRONG_ROLES=str(tmp_path / "own" / "roles.yml"),
    )


def refused(env, *options: str) -> str:
    done = run_throng("serve", "start", *options, env=env)
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if not line.startswith("Warning: ")]
    assert len(errors) == 1, done.stderr
    return errors[0]


def test_without_tls_it_listens_for_this_machine_only(env):
    assert "Without TLS passwords could be read" in refused(env, "--no-tls", "--host", "0.0.0.0")


def test_without_a_sandbox_it_starts_by_choice_only(env, tmp_path):
    env["PATH"] = str(Path("/nonexistent"))
    env["JAVA_HOME"] = str(_java_home())
    said = refused(env, "--no-follow", "--no-tls")
    assert "bubblewrap (bwrap) is not on this machine" in said
    assert "--without-sandbox" in said


def test_a_folder_that_is_open_to_others_is_refused(env, tmp_path):
    (tmp_path / "serve").mkdir(mode=0o755)
    (tmp_path / "serve").chmod(0o755)
    said = refused(env, "--no-follow", "--no-tls", "--without-sandbox")
    assert f"{tmp_path / 'serve'} is open to other users: run chmod 700 on it." in said


def test_without_users_without_a_copy_or_a_build_server(env, tmp_path):
    options = ("--no-tls", "--without-sandbox")
    assert "There is no copy in" in refused(env, *options, "--no-follow")
    env["THRONG_WAREHOUSE"] = str(tmp_path / "no warehouse")
    assert "No server runs for the warehouse" in refused(env, *options)
    env["THRONG_ROLES"] = str(tmp_path / "none.yml")
    assert "There is no file of users and roles" in refused(env, *options)


def test_limits_and_keystores_that_cannot_be(env):
    assert "Each limit is a whole number" in refused(env, "--rows", "0")
    assert "go together" in refused(env, "--keystore", "x.p12")
    assert "too little for Spark" in refused(env, "--memory", "100m")


def test_an_ldap_server_that_cannot_be(env):
    given = ("--ldap-url", "ldaps://ldap.example.org", "--without-sandbox")
    assert "go together" in refused(env, *given)
    assert "%s where the name" in refused(env, *given, "--ldap-user-dn", "cn=admin")
    name = ("--ldap-user-dn", "uid=%s,dc=example,dc=org")
    assert "is not ldaps://HOST" in refused(env, "--ldap-url", "ldap://ldap.example.org", *name)
    assert "has no network" in refused(env, "--ldap-url", "ldaps://ldap.example.org", *name)


def test_settings_survive_their_way_to_the_server():
    settings = ServeSettings(folder=Path("/a b"), limits=Limits(rows=7), keystore=Path("/k"))
    assert ServeSettings.from_json(settings.to_json()) == settings


def test_the_sandbox_holds_nothing_of_the_build(tmp_path, env, monkeypatch):
    settings = ServeSettings(folder=tmp_path / "serve", roles=Path(env["THRONG_ROLES"]))
    command = bwrap_command(
        "/usr/bin/bwrap", ["python", "-m", "x"], settings, {"JAVA_HOME": "/java", "LANG": "C"}
    )
    assert command[0] == "/usr/bin/bwrap"
    assert command[-4:] == ["--", "python", "-m", "x"]
    assert {"--unshare-all", "--clearenv"} <= set(command)
    assert "--share-net" not in command
    shown = [b for a, b, _ in zip(command, command[1:], command[2:], strict=False) if "bind" in a]
    assert str(tmp_path / "serve" / "copies") in shown
    assert not {str(Path.home()), str(tmp_path), "/", "/home", "/root", "/etc"} & set(shown)
    written = [b for a, b in itertools.pairwise(command) if a == "--bind"]
    assert written == [str(tmp_path / "serve" / "run"), str(tmp_path / "serve" / "audit")]
    (tmp_path / "own" / "pseudonym.key").write_text("")
    with pytest.raises(SandboxError, match=r"has pseudonym\.key in it too"):
        bwrap_command("/usr/bin/bwrap", [], settings, {"JAVA_HOME": "/java"})
    monkeypatch.setattr(sandbox.shutil, "which", lambda _: None)
    with pytest.raises(SandboxError, match="not on this machine"):
        sandbox.sandboxed([], settings, {})


def test_lines_to_connect_with(tmp_path):
    beeline, pyhive = how_to_connect(ServeSettings(folder=tmp_path))
    assert beeline.startswith("Beeline  jdbc:hive2://localhost:10001/marts;ssl=true;sslTrustStore=")
    assert "certificate.pem" in pyhive
    beeline, pyhive = how_to_connect(ServeSettings(folder=tmp_path, is_encrypted=False))
    assert beeline == "Beeline  jdbc:hive2://localhost:10001/marts"
    assert pyhive.endswith("USER, PASSWORD, is_encrypted=False)")


def _java_home() -> Path:
    from throng.server.java import find_java

    return find_java().home
