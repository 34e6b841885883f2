"""Connect to a reader server by PyHive, over TLS and with a certificate that is checked."""

from __future__ import annotations

import ssl
from pathlib import Path

import thrift_sasl
from pyhive import hive
from thrift.transport import TSocket, TSSLSocket


def connect(
    host: str,
    port: int,
    username: str,
    password: str,
    certificate: Path | None = None,
    configuration: dict[str, str] | None = None,
    *,
    is_encrypted: bool = True,
) -> hive.Connection:
    """A PyHive connection.

    Args:
        host: name or address; the certificate must be for it.
        port: of the reader server.
        username: a user of roles.yml.
        password: the user's.
        certificate: what to trust (PEM); None for the authorities that this system trusts.
        configuration: settings of the session, as PyHive has them.
        is_encrypted: whether to use TLS; without it only on loopback.

    Raises:
        thrift.transport.TTransport.TTransportException: nobody answers there, the certificate is
            not trusted, or the password is a wrong one.
        pyhive.exc.OperationalError: the server refuses the connection.
    """
    if is_encrypted:
        context = ssl.create_default_context(cafile=str(certificate) if certificate else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        socket = TSSLSocket.TSSLSocket(host, port, ssl_context=context, server_hostname=host)
    else:
        socket = TSocket.TSocket(host, port)
    transport = thrift_sasl.TSaslClientTransport(
        lambda: hive.get_installed_sasl(
            host=host, sasl_auth="PLAIN", username=username, password=password
        ),
        "PLAIN",
        socket,
    )
    return hive.connect(
        thrift_transport=transport,
        username=username,
        database="marts",
        configuration=configuration,
    )
