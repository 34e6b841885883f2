"""Debian's Chromium, as a reader has it; it finds no other machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")


@contextmanager
def browser(*options: str, exclude: str = "") -> Iterator[Browser]:
    """The browser; without it the test is skipped, and says so.

    Args:
        options: more of the command line.
        exclude: a host that it does find.
    """
    if not CHROMIUM.exists():
        pytest.skip(f"No {CHROMIUM}: nobody looked at the page. Debian: apt-get install chromium")
    rule = "MAP * ~NOTFOUND" + (f", EXCLUDE {exclude}" if exclude else "")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", f"--host-resolver-rules={rule}", *options],
        )
        yield started
        started.close()
