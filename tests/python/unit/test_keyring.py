"""The keyring file and the commands that change it."""

from __future__ import annotations

import os
import stat
from datetime import date
from itertools import count

import pytest
from typer.testing import CliRunner

from throng.cli import app
from throng.keys.keyring import (
    ALWAYS,
    KeyFileError,
    destroy,
    ensure_key_file,
    read_keyring,
    rotate,
)

FIRST, SECOND, THIRD = "11" * 32, "22" * 32, "33" * 32
CHANGE = date(2020, 4, 1)


@pytest.fixture
def path(tmp_path, monkeypatch):
    path = tmp_path / "secret" / "pseudonym.key"
    monkeypatch.setenv("THRONG_KEY_FILE", str(path))
    return path


def write(path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)


def throng(*arguments: str, typed: str = ""):
    return CliRunner().invoke(app, ["keys", *arguments], input=typed)


def test_a_keyring_is_made_once_and_only_for_its_owner(path):
    assert ensure_key_file() == path
    text = path.read_text()
    [key] = read_keyring(path).keys
    assert (key.key_id, key.valid_from, len(key.secret)) == ("k1", ALWAYS, 32)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    ensure_key_file()
    assert path.read_text() == text


def test_a_file_from_before_there_were_keyrings_is_k1_and_stays_as_it_is(path):
    write(path, FIRST + "\n")
    ensure_key_file()
    [key] = read_keyring(path).keys
    assert (key.key_id, key.valid_from, key.secret) == ("k1", ALWAYS, bytes.fromhex(FIRST))
    assert path.read_text() == FIRST + "\n"
    rotate(path, CHANGE)  # asked for: now it is written as a keyring, with the same key
    assert path.read_text().startswith(f"k1  0001-01-01  {FIRST}\nk2  2020-04-01  ")


def test_rotation_adds_a_key_and_leaves_the_others(path):
    ensure_key_file()
    [first] = read_keyring(path).keys
    rotate(path, CHANGE)
    rotate(path, date(2020, 7, 1))
    keyring = read_keyring(path)
    assert [key.key_id for key in keyring.keys] == ["k1", "k2", "k3"]
    assert keyring.keys[0] == first
    assert len({key.secret for key in keyring.keys}) == 3
    assert [keyring.last_date(key) for key in keyring.keys] == [
        date(2020, 3, 31),
        date(2020, 6, 30),
        None,
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("valid_from", [CHANGE, date(2020, 3, 31), ALWAYS])
def test_a_new_key_begins_after_the_last(path, valid_from):
    ensure_key_file()
    rotate(path, CHANGE)
    before = path.read_text()
    with pytest.raises(KeyFileError, match="The key k2 is in force from 2020-04-01"):
        rotate(path, valid_from)
    assert path.read_text() == before


def test_a_destroyed_key_leaves_its_line_and_nothing_else(path):
    write(path, f"k1 0001-01-01 {FIRST}\nk2 2020-04-01 {SECOND}\n")
    copy = path.with_name("another name of the file")
    os.link(path, copy)
    destroy(path, "k1")
    assert path.read_text() == f"k1  0001-01-01  destroyed\nk2  2020-04-01  {SECOND}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    # The old bytes were overwritten, not only unnamed; the other key is still there.
    assert FIRST not in copy.read_text()
    copy.chmod(0o600)
    assert read_keyring(copy).keys == read_keyring(path).keys


def test_no_key_takes_the_name_of_a_destroyed_one(path):
    ensure_key_file()
    rotate(path, CHANGE)
    destroy(path, "k1")
    rotate(path, date(2020, 7, 1))
    destroy(path, "k2")
    keyring = rotate(path, date(2020, 10, 1))
    assert [(key.key_id, key.secret is None) for key in keyring.keys] == [
        ("k1", True),
        ("k2", True),
        ("k3", False),
        ("k4", False),
    ]


@pytest.mark.parametrize(
    ("key_id", "said"),
    [
        ("k2", "The key k2 is the last one, and without it new events would have none."),
        ("k9", "There is no key 'k9' in the keyring; it has k1, k2."),
    ],
)
def test_what_cannot_be_destroyed_is_said(path, key_id, said):
    write(path, f"k1 0001-01-01 {FIRST}\nk2 2020-04-01 {SECOND}\n")
    before = path.read_text()
    with pytest.raises(KeyFileError) as error:
        destroy(path, key_id)
    assert str(error.value).startswith(said)
    assert path.read_text() == before


def test_a_key_is_destroyed_once(path):
    write(path, f"k1 0001-01-01 destroyed\nk2 2020-04-01 {SECOND}\n")
    with pytest.raises(KeyFileError, match="k1 is destroyed already"):
        destroy(path, "k1")


def test_a_link_to_the_keyring_stays_a_link(path, tmp_path):
    real = tmp_path / "elsewhere" / "ring"
    write(real, f"k1 0001-01-01 {FIRST}\nk2 2020-04-01 {SECOND}\n")
    path.parent.mkdir()
    path.symlink_to(real)
    destroy(path, "k1")
    assert path.is_symlink()
    assert FIRST not in real.read_text()


def test_a_keyring_in_a_repository_is_refused(path, tmp_path):
    (tmp_path / ".git").mkdir()
    with pytest.raises(KeyFileError, match="would lie in the repository"):
        ensure_key_file()
    assert not path.exists()
    write(path, FIRST)
    with pytest.raises(KeyFileError, match="would lie in the repository"):
        rotate(path, CHANGE)


def test_a_keyring_that_others_can_read_is_refused(path):
    ensure_key_file().chmod(0o640)
    for use in (read_keyring, lambda path: rotate(path, CHANGE), lambda path: destroy(path, "k1")):
        with pytest.raises(KeyFileError, match="chmod 600"):
            use(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("abc", "Line 1 .* is no key"),
        ("zz" * 32, "Line 1 .* is no key"),
        ("00" * 31, "Line 1 .* is no key"),
        ("destroyed", "no successor"),
        (f"{FIRST}\n{SECOND}\n", "Line 1 .* is no key"),
        (f"k1 0001-01-01 {FIRST}\nk2 2020-04-31 {SECOND}\n", "Line 2 .* is no key"),
        (f"k1 0001-01-01 {FIRST}\nk2 2020-04-01\n", "Line 2 .* is no key"),
        (f"k1 0001-01-01 {FIRST}\nk3 2020-04-01 {SECOND}\n", "Line 2 .* is not k2"),
        (f"k1 0001-01-01 {FIRST}\nk1 2020-04-01 {SECOND}\n", "Line 2 .* is not k2"),
        (f"k1 2020-01-01 {FIRST}\n", "first key .* is not from 0001-01-01"),
        (
            f"k1 0001-01-01 {FIRST}\nk2 2020-04-01 {SECOND}\nk3 2020-04-01 {THIRD}\n",
            "Line 3 .* is not after",
        ),
        (f"k1 0001-01-01 {FIRST}\nk2 2020-04-01 {FIRST}\n", "Line 2 .* repeats"),
        (f"k1 0001-01-01 {FIRST}\nk2 2020-04-01 destroyed\n", "last key .* is destroyed"),
    ],
    ids=count(1),  # not the text: pytest writes ids to its cache, and a key belongs in no file
)
def test_what_is_no_keyring_is_refused_without_showing_it(path, text, said):
    write(path, text)
    with pytest.raises(KeyFileError, match=said) as error:
        read_keyring(path)
    assert not any(word in str(error.value) for word in text.split() if len(word) > 10)


def test_a_missing_keyring_says_how_to_have_one(path):
    for command in (["list"], ["rotate", "--from", "2020-04-01"], ["destroy", "k1"]):
        done = throng(*command)
        assert done.exit_code == 1
        assert "cannot be read" in done.output
        assert "throng server start" in done.output


def test_no_key_is_ever_printed(path):
    write(path, f"k1 0001-01-01 {FIRST}\nk2 2020-04-01 {SECOND}\n")
    keyring = read_keyring(path)
    outputs = [repr(keyring), str(keyring.keys)]
    for command in (
        ["list"],
        ["rotate", "--from", "2020-07-01"],
        ["rotate", "--from", "2020-01-01"],
        ["rotate", "--from", "soon"],
        ["destroy", "k9"],
        ["destroy", "k1", "--yes"],
        ["list"],
    ):
        outputs.append(throng(*command).output)
    third = read_keyring(path).keys[2].secret
    for secret in (bytes.fromhex(FIRST), bytes.fromhex(SECOND), third):
        for form in (secret.hex(), repr(secret)[2:-1]):
            assert not any(form in output for output in outputs)


def test_list_tells_ids_dates_and_state(path):
    write(path, f"k1 0001-01-01 destroyed\nk2 2020-04-01 {SECOND}\nk3 9999-01-01 {THIRD}\n")
    done = throng("list")
    assert done.exit_code == 0
    assert [line.split(maxsplit=3) for line in done.output.splitlines()[:4]] == [
        ["key", "from", "to", "status"],
        ["k1", "always", "2020-03-31", "destroyed: its dates are refused"],
        ["k2", "2020-04-01", "9998-12-31", "usable"],
        ["k3", "9999-01-01", "open", "usable, for events to come"],
    ]


def test_rotate_says_what_it_means(path):
    ensure_key_file()
    done = throng("rotate", "--from", "2020-04-01")
    assert done.exit_code == 0
    assert "k2 is the key of events from 2020-04-01 on, k1 before." in done.output
    assert "build them again" in done.output
    refused = throng("rotate", "--from", "01/04/2020")
    assert (refused.exit_code, len(read_keyring(path).keys)) == (1, 2)
    assert "--from is '01/04/2020'" in refused.output


@pytest.mark.parametrize("typed", ["\n", "yes\n", "k2\n"])
def test_destroy_asks_for_the_id(path, typed):
    write(path, f"k1 0001-01-01 {FIRST}\nk2 2020-04-01 {SECOND}\n")
    done = throng("destroy", "k1", typed=typed)
    assert done.exit_code == 1
    assert "Nothing was changed." in done.output
    assert read_keyring(path).keys[0].secret is not None


def test_destroy_says_what_is_gone_and_what_is_not(path):
    write(path, f"k1 0001-01-01 {FIRST}\nk2 2020-04-01 {SECOND}\n")
    done = throng("destroy", "k1", typed="k1\n")
    assert done.exit_code == 0, done.output
    assert read_keyring(path).keys[0].secret is None
    for part in (
        "can never be linked again to a person or to new events",
        "dbt run-operation purge_expired",
        "Copies of the keyring",
    ):
        assert part in done.output
