"""Who reads what: users and roles in one file, which the server reads again when it changes.

roles:
  public:
    marts: all            # or a list of marts
    area_levels: [admin1] # or all
users:
  anna:
    role: public
    password: pbkdf2_sha256$310000$...   # written by `throng serve user add`
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from throng.files import is_open_to_others, replacing

#: Of PBKDF2-HMAC-SHA256. ReaderPassword.java spends as many on names that are no users.
ITERATIONS = 310_000
FEWEST_ITERATIONS = 210_000
_BYTES_OF_A_HASH = 32
SHORTEST_PASSWORD = 12
ALL = "all"
#: In the place of a hash: an LDAP server knows the password.
LDAP = "ldap"
#: PostgreSQL cuts names off after 63 characters.
_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,62}")
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_HASH = re.compile(r"pbkdf2_sha256\$(\d+)\$[A-Za-z0-9+/=]{16,}\$[A-Za-z0-9+/=]{40,}")
_FIRST_FILE = {"roles": {"public": {"marts": ALL, "area_levels": ALL}}, "users": {}}


class RolesError(Exception):
    """The file of users and roles cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Role:
    """What its users may see.

    Attributes:
        marts: names, or None for all.
        area_levels: levels, or None for all.
    """

    marts: frozenset[str] | None
    area_levels: frozenset[str] | None

    def sees_mart(self, mart: str) -> bool:
        """Whether a mart is there for it."""
        return self.marts is None or mart in self.marts

    def sees_level(self, level: str | None) -> bool:
        """Whether rows of a level are; rows without a level only if it is held to none."""
        return self.area_levels is None or level in self.area_levels


@dataclass(frozen=True)
class User:
    """A reader: the role, and the hash of the password."""

    role: str
    password: str


@dataclass(frozen=True)
class Roles:
    """The file, understood."""

    roles: dict[str, Role]
    users: dict[str, User]


def read_roles(path: Path) -> Roles:
    """Users and roles of the file.

    Raises:
        RolesError: it is not there, others can read or change it, or it says what cannot be.
    """
    given = _load(path)
    roles = {name: _role(path, name, told) for name, told in _part(path, given, "roles").items()}
    users = {}
    for name, told in _part(path, given, "users").items():
        users[name] = _user(path, name, told, roles)
    return Roles(roles, users)


def add_user(path: Path, name: str, role: str, password: str | None) -> bool:
    """Write a user; whether the user is new. The file is made if missing.

    Args:
        path: the file.
        name: of the user.
        role: one of the file.
        password: the user's; None for one that an LDAP server knows.

    Raises:
        RolesError: what cannot be written, or a password that is too short.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _store(path, _FIRST_FILE)
    known = read_roles(path)
    if not _NAME.fullmatch(name):
        raise RolesError(
            f"'{name}' is no name of a user: write small letters, digits, dots, - and _."
        )
    if role not in known.roles:
        raise RolesError(
            f"There is no role {role} in {path}; the roles are: {', '.join(sorted(known.roles))}."
        )
    if password is not None:
        _check_password(password)
    given = _load(path)
    given["users"] = given.get("users") or {}
    written = LDAP if password is None else hash_password(password)
    given["users"][name] = {"role": role, "password": written}
    _store(path, given)
    return name not in known.users


def _check_password(password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise RolesError(
            f"The password has {len(password)} characters; {SHORTEST_PASSWORD} are the fewest."
        )
    if any(character.isspace() or character in "'\"\0" for character in password):
        raise RolesError("The password has a blank or a quotation mark, which Beeline cannot send.")


def remove_user(path: Path, name: str) -> None:
    """Take a user out of the file.

    Raises:
        RolesError: there is none of this name.
    """
    if name not in read_roles(path).users:
        raise RolesError(f"There is no user {name} in {path}.")
    given = _load(path)
    del given["users"][name]
    _store(path, given)


def hash_password(password: str, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """A password as the file has it; with a salt of its own."""
    salt = salt or secrets.token_bytes(16)
    # Java takes the characters of a password as UTF-8 too.
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    return "$".join(
        [
            "pbkdf2_sha256",
            str(iterations),
            base64.b64encode(salt).decode(),
            base64.b64encode(digest).decode(),
        ]
    )


def parts_of(password: str) -> tuple[int, bytes, bytes]:
    """Iterations, salt and digest of a password as the file has it.

    Raises:
        ValueError: salt or digest is no base64.
    """
    _, iterations, salt, digest = password.split("$")
    return (
        int(iterations),
        base64.b64decode(salt, validate=True),
        base64.b64decode(digest, validate=True),
    )


def _load(path: Path) -> dict[str, Any]:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        raise RolesError(
            f"There is no file of users and roles {path}: add a user (throng serve user add NAME "
            "--role public), or set THRONG_ROLES."
        ) from None
    except OSError as error:
        raise RolesError(f"The file {path} cannot be read ({error.strerror}).") from None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise RolesError(f"{path} is no file.")
        if is_open_to_others(found):
            raise RolesError(f"Others can read the file {path}: run chmod 600 on it.")
        if found.st_uid != os.geteuid():
            raise RolesError(f"The file {path} belongs to another user than the one who serves it.")
        text = file.read()
    try:
        given = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise RolesError(f"The file {path} is no YAML{where}.") from None
    if not isinstance(given, dict) or set(given) - {"roles", "users"}:
        raise RolesError(f"The file {path} must have roles: and users:, and nothing else.")
    return given


def _store(path: Path, given: dict[str, Any]) -> None:
    try:
        with replacing(path) as unfinished:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                yaml.safe_dump(given, file, sort_keys=False, allow_unicode=True)
    except OSError as error:
        raise RolesError(f"The file {path} cannot be written ({error.strerror}).") from None


def _part(path: Path, given: dict[str, Any], name: str) -> dict[str, Any]:
    part = given.get(name) or {}
    if not isinstance(part, dict):
        raise RolesError(f"In {path} {name}: must be a list of names with what each has.")
    return {str(key): value for key, value in part.items()}


def _role(path: Path, name: str, told: object) -> Role:
    if not _ROLE.fullmatch(name):
        raise RolesError(
            f"In {path} the role '{name}' is no name: write small letters, digits and _."
        )
    if not isinstance(told, dict) or set(told) != {"marts", "area_levels"}:
        raise RolesError(
            f"In {path} the role {name} must have marts: and area_levels:, each 'all' or a list."
        )
    return Role(
        _names(path, name, "marts", told["marts"]),
        _names(path, name, "area_levels", told["area_levels"]),
    )


def _names(path: Path, role: str, key: str, value: object) -> frozenset[str] | None:
    if value == ALL:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise RolesError(f"In {path} {key} of the role {role} must be 'all' or a list of names.")
    return frozenset(one.strip() for one in value)


def _user(path: Path, name: str, told: object, roles: dict[str, Role]) -> User:
    if not _NAME.fullmatch(name):
        raise RolesError(
            f"In {path} the user '{name}' is no name: write small letters, digits, dots, - and _."
        )
    if not isinstance(told, dict) or set(told) != {"role", "password"}:
        raise RolesError(f"In {path} the user {name} must have role: and password:.")
    if told["role"] not in roles:
        raise RolesError(
            f"In {path} the user {name} has the role {told['role']}, which is not there."
        )
    password = str(told["password"])
    if password == LDAP:
        return User(told["role"], LDAP)
    if not _HASH.fullmatch(password) or not _is_hash(password):
        raise RolesError(
            f"In {path} the password of {name} is no hash that this program has written: "
            f"throng serve user add {name} --role {told['role']}"
        )
    return User(told["role"], told["password"])


def _is_hash(password: str) -> bool:
    """Whether the parts of a password in the file are what hash_password writes."""
    try:
        iterations, _, digest = parts_of(password)
    except ValueError:
        return False
    return FEWEST_ITERATIONS <= iterations <= 10 * ITERATIONS and len(digest) == _BYTES_OF_A_HASH
