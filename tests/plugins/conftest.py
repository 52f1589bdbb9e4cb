from pathlib import Path

import pytest

from tests.plugins.catalog import build_catalog


@pytest.fixture(scope="session")
def catalog_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store with 100,000 torrents; copy it before you change anything (``copy_catalog``)."""
    folder = tmp_path_factory.mktemp("catalog") / "store"
    build_catalog(folder)
    return folder
