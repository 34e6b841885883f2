"""The reader server without some of its locks, so that a test can ask what the others hold.

A copy of this file lies in the server's folder and runs in the place of throng/serve/driver.py:
python unlocked.py LOCK,LOCK... SETTINGS_JSON. The locks are guard, password and spark.
"""

from __future__ import annotations

import sys

from throng.serve import driver


def main() -> int:
    """Leave locks out, then do what the driver does."""
    left_out = sys.argv.pop(1).split(",")
    if "guard" in left_out:
        # Without the guard nobody is anybody: calls go straight to Hive's service.
        # PyHive asks for its schema.
        driver._install_guard = lambda jvm, session: session.sql("create database marts")
        driver._install_service = lambda jvm, running: None
        driver._check_guard = lambda session: None
    if "spark" in left_out:
        configured = driver._spark_conf

        def conf_without_locks(*given):
            conf = configured(*given)
            conf.set("spark.sql.runSQLOnFiles", "true")
            conf.set("spark.sql.variable.substitute", "true")
            return conf

        driver._spark_conf = conf_without_locks
    if "password" in left_out:
        with_password = driver._set_properties

        def anybody(jvm, settings):
            with_password(jvm, settings)
            jvm.java.lang.System.setProperty("hive.server2.authentication", "NONE")

        driver._set_properties = anybody
    return driver.main()


if __name__ == "__main__":
    sys.exit(main())
