"""The file of the server's password, without a server."""

from __future__ import annotations

import stat

import pytest

from throng.server.password import (
    NO_PASSWORD,
    PASSWORD_VARIABLE,
    PasswordError,
    ensure_password_file,
    password,
    password_file,
)


@pytest.fixture(autouse=True)
def key_file(monkeypatch, tmp_path):
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    monkeypatch.delenv("THRONG_PASSWORD_FILE", raising=False)
    monkeypatch.setenv("THRONG_KEY_FILE", str(tmp_path / "secret" / "pseudonym.key"))


def test_it_is_made_once_beside_the_keyring_for_its_owner_alone(tmp_path):
    path = ensure_password_file()
    assert path == tmp_path / "secret" / "server.password"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    made = password()
    assert len(made) >= 40
    assert ensure_password_file() == path
    assert password() == made


def test_two_are_never_the_same(monkeypatch, tmp_path):
    made = set()
    for name in ("a", "b"):
        monkeypatch.setenv("THRONG_PASSWORD_FILE", str(tmp_path / name))
        ensure_password_file()
        made.add(password())
    assert len(made) == 2


def test_before_the_first_start_there_is_none():
    assert not password_file().exists()
    assert password() == NO_PASSWORD


def test_the_variable_comes_first(monkeypatch):
    ensure_password_file()
    monkeypatch.setenv(PASSWORD_VARIABLE, "of the shell")
    assert password() == "of the shell"


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("a long enough password", 0o640, "run chmod 600 on it"),
        ("a long enough password", 0o604, "run chmod 600 on it"),
        ("short", 0o600, "has 5 characters; 16 is the least"),
        ("", 0o600, "has 0 characters"),
        ("pässword of a person", 0o600, "cannot be read (UnicodeDecodeError)"),
    ],
)
def test_what_cannot_be_used_is_said_without_it(text, mode, said):
    path = password_file()
    path.parent.mkdir()
    path.write_text(text)
    path.chmod(mode)
    for use in (ensure_password_file, password):
        with pytest.raises(PasswordError) as refused:
            use()
        assert said in str(refused.value)
        assert not text or text not in str(refused.value)


def test_where_it_cannot_be_made(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("THRONG_PASSWORD_FILE", str(tmp_path / "file" / "password"))
    with pytest.raises(PasswordError, match=r"cannot be made .*set THRONG_PASSWORD_FILE"):
        ensure_password_file()
