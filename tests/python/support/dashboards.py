"""Superset and a browser on it, as a reader has them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import Browser, Page, Request, Response

from tests.python.conftest import PROJECT, run_throng
from throng.server.processes import free_port

#: Maps without a graphics card.
DRAWN_BY_PROCESSOR = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
#: As tall as a dashboard, so that one picture has all of it.
SIZE = {"width": 1600, "height": 2300}


@dataclass(frozen=True)
class Superset:
    """A Superset that runs: its port, and the password of its admin."""

    port: int
    password: str
    home: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass
class Seen:
    """What a browser saw of one dashboard.

    Attributes:
        n_drawn: number of charts on the page.
        data: the rows that each chart got, by id of the chart.
        errors: what went wrong: answers of the server, and messages on the page.
        beyond: addresses that are not this machine's and were not refused by the page's own policy.
    """

    n_drawn: int = 0
    data: dict[int, list[dict]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)


def start(env: dict[str, str], home: Path, port: int) -> subprocess.CompletedProcess:
    """The command, as a user runs it."""
    options = ["--home", str(home), "--port", str(port)]
    return run_throng("superset", "start", *options, env=env, cwd=PROJECT, timeout=1800)


@contextmanager
def superset(env: dict[str, str], home: Path) -> Iterator[Superset]:
    """A Superset on a reader server; what is installed for the developer is not installed again."""
    installed = PROJECT / ".superset" / "venv"
    home.mkdir()
    if installed.exists():
        (home / "venv").symlink_to(installed)
    port = free_port()
    started = start(env, home, port)
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        password = (home / "admin_password").read_text()
        assert f"Log in as admin; password {password} (kept in" in started.stdout
        yield Superset(port, password, home)
    finally:
        run_throng("superset", "stop", "--home", str(home), env=env, cwd=PROJECT)


def listening(where: Superset) -> set[str]:
    """The addresses on which somebody listens on its port."""
    return {
        connection.laddr.ip
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == where.port
    }


@dataclass(frozen=True)
class Api:
    """Superset's own interface, as the user who is logged in."""

    page: Page
    where: Superset

    def get(self, path: str) -> dict:
        """The answer to a question."""
        return self.page.request.get(f"{self.where.address}/api/v1/{path}").json()

    def run(self, sql: str) -> tuple[int, str]:
        """Status and text of the answer to a statement."""
        answer = self.page.request.post(
            f"{self.where.address}/api/v1/sqllab/execute/",
            headers={
                "X-CSRFToken": self.get("security/csrf_token/")["result"],
                "Referer": self.where.address,
            },
            data={"database_id": 1, "schema": "marts", "sql": sql, "runAsync": False},
        )
        return answer.status, answer.text()


def chart_names(page: Page, where: Superset) -> dict[int, str]:
    """Titles of charts by their ids."""
    charts = Api(page, where).get("chart/?q=(page_size:200)")["result"]
    return {chart["id"]: chart["slice_name"] for chart in charts}


def log_in(opened: Browser, where: Superset) -> Page:
    """A page of the admin, logged in by the form."""
    page = opened.new_page(viewport=SIZE)
    page.goto(f"{where.address}/login/")
    page.locator("input[name=username], #username").first.fill("admin")
    page.locator("input[name=password], #password").first.fill(where.password)
    page.locator("button[type=submit], input[type=submit]").first.click()
    page.wait_for_url(lambda url: "/login" not in url, timeout=60_000)
    return page


def look_at(page: Page, where: Superset, slug: str, n_charts: int, picture: Path) -> Seen:
    """Open a dashboard, wait for all its charts, take a picture."""
    seen = Seen()
    handlers = {
        "response": lambda response: _note_answer(seen, response),
        "requestfinished": lambda request: _note_beyond(seen, request),
        "requestfailed": lambda request: _note_beyond(seen, request),
    }
    for event, handler in handlers.items():
        page.on(event, handler)
    page.goto(f"{where.address}/superset/dashboard/{slug}/")
    for _ in range(600):
        if len(seen.data) >= n_charts or seen.errors:
            break
        page.wait_for_timeout(500)
    drawn = page.locator(".dashboard-component-chart-holder")
    for _ in range(120):
        if drawn.count() >= n_charts and page.locator(".loading").count() == 0:
            break
        page.wait_for_timeout(500)
    page.wait_for_timeout(5000)  # lines grow from left to right
    seen.n_drawn = drawn.count()
    for event, handler in handlers.items():
        page.remove_listener(event, handler)
    # Not the full page: that would be laid out anew, and be empty for a while.
    page.screenshot(path=picture, timeout=180_000)
    seen.errors += page.locator("[data-test=chart-container] .ant-alert-error").all_inner_texts()
    return seen


def _note_answer(seen: Seen, response: Response) -> None:
    if "/api/v1/chart/data" not in response.url:
        return
    asked = json.loads(response.request.post_data or "{}").get("form_data") or {}
    chart = asked.get("slice_id")
    if response.status != 200:
        seen.errors.append(f"{chart}: {response.status} {response.text()[:1000]}")
        return
    results = response.json()["result"]
    seen.errors += [f"{chart}: {result['error']}" for result in results if result.get("error")]
    if chart is not None:
        seen.data[chart] = [row for result in results for row in result["data"]]


def _note_beyond(seen: Seen, request: Request) -> None:
    parts = urlsplit(request.url)
    is_here = parts.scheme in ("data", "blob") or parts.hostname == "127.0.0.1"
    if not is_here and request.failure != "csp":
        seen.beyond.append(f"{request.url} ({request.failure})")
