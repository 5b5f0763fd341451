"""``openmodels regions``: from where providers are probed."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contract.builders import settings_in
from fixtures.commands import Program, program
from openmodels.domain.views.registry import iso
from openmodels.opening import open_stores
from openmodels.store.cluster_ports import ALIVE_FOR, KNOWN_FOR, ProberSeen

__all__ = ["program"]


def seen(folder: Path, region: str, *, ago: timedelta = timedelta(), gone: bool = False) -> datetime:
    """A prober of that region was heard of so long ago, and has said then that it ends, or not."""
    at = datetime.now(UTC) - ago

    async def write() -> None:
        async with open_stores(settings_in(folder / "var")) as stores:
            await stores.cluster.prober_seen(ProberSeen(name=region, region=region, at=at), lost_before=at)
            if gone:
                await stores.cluster.prober_gone(region)

    asyncio.run(write())
    return at


def test_it_lists_the_regions_of_the_last_days(program: Program, tmp_path: Path) -> None:
    assert program("regions").stdout == "region\tstatus\tprobers\tlast seen\n"
    up = seen(tmp_path, "eu")
    down = seen(tmp_path, "us", ago=2 * ALIVE_FOR)
    idle = seen(tmp_path, "ap", ago=timedelta(days=3), gone=True)
    seen(tmp_path, "long-ago", ago=2 * KNOWN_FOR)
    assert program("regions").rows == [
        ["ap", "idle", "0", iso(idle)],
        ["eu", "up", "1", iso(up)],
        ["us", "down", "0", iso(down)],
    ]
    assert json.loads(program("regions", "--json").stdout)[1] == {
        "region": "eu",
        "status": "up",
        "probers": 1,
        "last_seen_at": iso(up),
    }


def test_it_forgets_a_region_that_is_given_up(program: Program, tmp_path: Path) -> None:
    seen(tmp_path, "eu")
    seen(tmp_path, "us", ago=2 * ALIVE_FOR)
    done = program("regions", "--forget", "us")
    assert done.returncode == 0
    assert [row[0] for row in done.rows] == ["eu"]


def test_it_says_what_it_does_not_forget(program: Program, tmp_path: Path) -> None:
    seen(tmp_path, "eu-west")
    done = program("regions", "--forget", "eu-wset")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "openmodels: no region 'eu-wset' is known; did you mean eu-west?\n"
    done = program("regions", "--forget", "x")
    assert done.stderr == "openmodels: no region 'x' is known; `openmodels regions` lists all\n"
    done = program("regions", "--forget", "eu-west")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "openmodels: eu-west is still probed from; stop its probers first (one that was killed counts for a "
        "minute)\n"
    )
