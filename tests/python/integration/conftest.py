"""What several files of these tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.python.conftest import another_server
from tests.python.support import synthetic_country


@pytest.fixture(scope="session")
def country_server(tmp_path_factory: pytest.TempPathFactory):
    """The server of the synthetic country; what is published stays in its warehouse."""
    folder = tmp_path_factory.mktemp("country server")
    with another_server(folder, *synthetic_country.SHORT_PLANS) as server:
        yield server


@pytest.fixture(scope="session")
def country(country_server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the synthetic country, with landing/ and truth/, built and not published."""
    folder = tmp_path_factory.mktemp("synthetic")
    synthetic_country.build(country_server, folder)
    return folder
