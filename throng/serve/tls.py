"""Key and certificate of the reader server."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
from pathlib import Path

from throng.server.java import Java

#: How long a certificate that we make is good for.
DAYS = "825"
_ALIAS = "throng"


class TlsError(Exception):
    """There is no certificate to serve with; the message says why and what to do."""


def certificate_file(folder: Path) -> Path:
    """The certificate that was made, for clients to trust."""
    return folder / "certificate.pem"


def ensure_keystore(folder: Path, java: Java, host: str) -> tuple[Path, Path]:
    """A self-signed certificate, made if there is none: the keystore, and the file of its password.

    Args:
        folder: where both are, with certificate.pem for clients and truststore.p12 for Beeline.
        java: a Java with keytool.
        host: the address that the server listens on; the certificate is for it, for the names of
            this machine and for localhost.

    Raises:
        TlsError: this Java has no keytool, or it fails.
    """
    keystore, password = folder / "keystore.p12", folder / "keystore.password"
    if keystore.exists() and password.exists() and certificate_file(folder).exists():
        return keystore, password
    keytool = java.home / "bin" / "keytool"
    if not keytool.exists():
        raise TlsError(
            f"The Java in {java.home} has no keytool to make a certificate with: give one by "
            "--keystore and --keystore-password-file, or set JAVA_HOME to a Java that has it."
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in (keystore, password, certificate_file(folder), folder / "truststore.p12"):
        path.unlink(missing_ok=True)
    with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{secrets.token_urlsafe(32)}\n")
    store = f"-keystore {keystore.name} -storetype PKCS12 -storepass:file {password.name}"
    names = ",".join(names_of(host))
    for command in (
        f"-genkeypair -alias {_ALIAS} -keyalg EC -groupname secp256r1 -sigalg SHA256withECDSA "
        f"-validity {DAYS} -dname CN=throng -ext SAN={names} -ext BC=ca:true,pathlen:0 {store}",
        f"-exportcert -rfc -alias {_ALIAS} -file {certificate_file(folder).name} {store}",
        # A truststore holds nothing that is secret; Java wants a password all the same.
        f"-importcert -noprompt -alias {_ALIAS} -file {certificate_file(folder).name} "
        "-keystore truststore.p12 -storetype PKCS12 -storepass changeit",
    ):
        _run([str(keytool), *command.split()], folder)
    keystore.chmod(0o600)
    return keystore, password


def names_of(host: str) -> list[str]:
    """What a certificate of a server on this address is for, as keytool and openssl write it."""
    names = ["DNS:localhost", "IP:127.0.0.1", "IP:::1"]
    here = socket.gethostname()
    if here and all(letter.isalnum() or letter in "-." for letter in here):
        names.append(f"DNS:{here}")
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
        names.append(f"IP:{host}")
    except OSError:
        names.append(f"DNS:{host}")
    unspecified = ("IP:0.0.0.0", "IP:::")
    return list(dict.fromkeys(name for name in names if name not in unspecified))


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False, umask=0o077
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise TlsError(f"keytool makes no certificate: {said[0] if said else 'no reason given'}")
