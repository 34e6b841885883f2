"""What PostgreSQL keeps of a password, made from what roles.yml has of it.

SCRAM-SHA-256 (RFC 5802, RFC 7677) begins with PBKDF2-HMAC-SHA256 of the password, which is the hash
in roles.yml. So one password serves both servers, and nobody has to know it here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from throng.serve.roles import parts_of


def verifier(password: str) -> str:
    """The verifier of a password, as pg_authid has it.

    Args:
        password: as roles.yml has it.
    """
    iterations, salt, salted = parts_of(password)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    salt_text, stored, server = (
        base64.b64encode(part).decode() for part in (salt, stored_key, server_key)
    )
    return f"SCRAM-SHA-256${iterations}:{salt_text}${stored}:{server}"
