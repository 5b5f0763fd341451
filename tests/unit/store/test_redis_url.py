"""What the URL of a Redis may be."""

import pytest

from openmodels.errors import SettingsError
from openmodels.store.redis_link import RedisLink

pytestmark = pytest.mark.anyio

PASSWORD = "s3cret-word"


@pytest.mark.parametrize(
    "url",
    [
        "localhost:6379",
        "http://localhost:6379",
        f"redis://:{PASSWORD}@localhost:port/0",
        f"redis://:{PASSWORD}@localhost:6379/zero",
        f"redis://:{PASSWORD}@localhost:6379/0?socket_timeout=soon",
        f"redis://:{PASSWORD}@localhost:6379/0?nonsense=1",
        f"redis://:{PASSWORD}@[::1/0",
        f"redis://:{PASSWORD}@localhost:999999/0",
        "unix://",
        "redis:",
        "🐟",
    ],
)
async def test_it_says_what_to_type_for_a_url_that_is_none(url: str) -> None:
    with pytest.raises(SettingsError, match="OPENMODELS_REDIS_URL must be a URL such as") as raised:
        RedisLink(url)
    assert PASSWORD not in f"{raised.value}{raised.value.__cause__!r}"


@pytest.mark.parametrize(
    "url", ["rediss://u:p@127.0.0.1:6380/2", "redis://", "redis://cache", "unix:///a?db=1"]
)
async def test_it_connects_to_nothing_before_it_is_asked(url: str) -> None:
    link = RedisLink(url)
    assert link.up
    await link.close()
