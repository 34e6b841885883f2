"""Settings of Superset over the marts: for one machine, and nothing leaves it.

`throng superset start` names this file by SUPERSET_CONFIG_PATH, and the folder of the database, key
and passwords by THRONG_SUPERSET_HOME. THRONG_READER_CERTIFICATE is what to trust of the reader
server: a file, "system" for the authorities that this system trusts, or "none" without TLS.
"""

import importlib.util
import os
import secrets
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Flask
from pyhive import hive
from pyhive.sqlalchemy_hive import HiveDialect
from sqlalchemy import text
from sqlalchemy.engine import URL, Connection
from sqlalchemy.engine.reflection import Inspector

HOME = Path(os.environ["THRONG_SUPERSET_HOME"])
CLIENT = Path(__file__).parents[2] / "throng" / "serve" / "client.py"


def _secret_key() -> str:
    """The key of sessions and stored secrets: made at the first start, for its owner only."""
    file = HOME / "secret_key"
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_urlsafe(48))
    return file.read_text()


SECRET_KEY = _secret_key()
DATA_DIR = str(HOME)
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME / 'superset.db'}"


def DB_CONNECTION_MUTATOR(
    url: URL, parameters: dict[str, Any], *_who: object
) -> tuple[URL, dict[str, Any]]:
    """Connect to the reader server by its own client: PyHive alone has no TLS.

    The password is read anew each time, so that none is stored in Superset's tables.
    """
    if url.drivername != "hive":
        return url, parameters

    def connect() -> hive.Connection:
        trusted = os.environ["THRONG_READER_CERTIFICATE"]
        return _client().connect(
            url.host,
            url.port,
            url.username,
            (HOME / "reader_password").read_text().strip(),
            None if trusted in ("system", "none") else Path(trusted),
            is_encrypted=trusted != "none",
        )

    return url, {**parameters, "creator": connect}


def _client() -> ModuleType:
    """throng/serve/client.py; Superset has an environment of its own, without the project."""
    found = importlib.util.spec_from_file_location("throng_client", CLIENT)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


# Forms are refused without their token. Cookies stay on this site; over http none can be "secure".
WTF_CSRF_ENABLED = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
AUTH_USER_REGISTRATION = False

# The browser loads and calls nothing but this server: no telemetry, map tiles, fonts or avatars.
# Superset asks the pixel of Scarf even where SCARF_ANALYTICS is false; the browser refuses.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'", "blob:"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
# Its page loads scripts from elsewhere.
FAB_API_SWAGGER_UI = False
FEATURE_FLAGS = {
    "ALERT_REPORTS": False,
    "EMBEDDED_SUPERSET": False,
    # A dashboard that is printed or searched has all its charts.
    "DASHBOARD_VIRTUALIZATION": False,
}

# No result is kept: what is withdrawn must be out of sight at once.
CACHE_CONFIG = {"CACHE_TYPE": "NullCache", "CACHE_NO_NULL_WARNING": True}
DATA_CACHE_CONFIG = CACHE_CONFIG
# A query of a large mart takes a while on a small machine.
SUPERSET_WEBSERVER_TIMEOUT = 300
ROW_LIMIT = 50000
SQL_MAX_ROW = 100000


def _tables(
    _dialect: HiveDialect, connection: Connection, schema: str | None = None, **_options: object
) -> list[str]:
    return [
        name for _, name, _ in connection.execute(text(f"show tables in `{schema or 'marts'}`"))
    ]


# PyHive takes the first column of SHOW TABLES for the name. That is Hive's; Spark's is the second.
HiveDialect.get_table_names = _tables


def FLASK_APP_MUTATOR(_app: Flask) -> None:
    """Superset asks for the views itself, with the same mistake."""
    from superset.db_engine_specs.hive import HiveEngineSpec

    def views(_spec: type, database: object, inspector: Inspector, schema: str) -> set[str]:
        return set(inspector.get_table_names(schema))

    HiveEngineSpec.get_view_names = classmethod(views)
