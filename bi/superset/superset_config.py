"""Settings of Superset over the marts: for one machine, and nothing leaves it.

`throng superset start` names this file by SUPERSET_CONFIG_PATH, the folder of the database, key
and password by THRONG_SUPERSET_HOME, and the server's password by THRONG_PASSWORD_FILE.
"""

import os
import secrets
from pathlib import Path

import sqlglot
from flask import Flask
from pyhive.sqlalchemy_hive import HiveDialect
from sqlalchemy import text
from sqlalchemy.engine import URL, Connection
from sqlalchemy.engine.reflection import Inspector
from sqlglot import exp

HOME = Path(os.environ["THRONG_SUPERSET_HOME"])


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


def SQLALCHEMY_CUSTOM_PASSWORD_STORE(_url: URL) -> str:
    """The password of the server of the marts, read anew each time, so that none is stored here."""
    file = Path(os.environ["THRONG_PASSWORD_FILE"])
    return file.read_text().strip() if file.exists() else "none"


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


def _schemas(_dialect: HiveDialect, _connection: Connection, **_options: object) -> list[str]:
    return ["marts"]


# PyHive takes the first column of SHOW TABLES for the name. That is Hive's; Spark's is the second.
HiveDialect.get_table_names = _tables
# The picker of tables offers what is for readers.
HiveDialect.get_schema_names = _schemas


def FLASK_APP_MUTATOR(_app: Flask) -> None:
    """Superset asks for the views itself, with the same mistake; our marts are all views."""
    from superset.db_engine_specs.hive import HiveEngineSpec

    def views(_spec: type, database: object, inspector: Inspector, schema: str) -> set[str]:
        return set(inspector.get_table_names(schema))

    HiveEngineSpec.get_view_names = classmethod(views)


def SQL_QUERY_MUTATOR(sql: str, **_context: object) -> str:
    """Let only queries of marts through, so that no dataset of a user reads what is protected.

    A fence against mistakes, not a wall: who runs Superset can reach the Thrift server anyway.
    """
    for statement in sqlglot.parse(sql, read="spark"):
        if statement is not None and (why := _why_not(statement)):
            _refuse(why)
    return sql


def _why_not(statement: exp.Expression) -> str | None:
    """What a statement does that readers may not; None if nothing."""
    if not isinstance(statement, exp.Query):
        return "Only queries are allowed here, so that nothing is changed."
    for table in statement.find_all(exp.Table):
        is_named = isinstance(table.this, exp.Identifier)
        if not is_named or table.db.lower() not in ("", "marts") or table.catalog:
            return f"Only the schema marts is for readers, not {table.sql('spark')}."
    for call in statement.find_all(exp.Anonymous, exp.QueryTransform):
        if call.name.lower() in ("", "reflect", "try_reflect", "java_method"):
            return "This query calls what is outside SQL, which is not allowed here."
    return None


def _refuse(why: str) -> None:
    from superset.errors import ErrorLevel, SupersetError, SupersetErrorType
    from superset.exceptions import SupersetSecurityException

    sort = SupersetErrorType.TABLE_SECURITY_ACCESS_ERROR
    raise SupersetSecurityException(SupersetError(why, sort, ErrorLevel.ERROR))
