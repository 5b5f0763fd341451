from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from contract.builders import settings_in
from openmodels.store.engine import create_engine
from openmodels.store.migrate import migrate


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def engine(tmp_path: Path, anyio_backend: str) -> AsyncIterator[AsyncEngine]:
    """An empty database, migrated."""
    engine = create_engine(settings_in(tmp_path))
    await migrate(engine)
    yield engine
    await engine.dispose()
