"""A server that agents were at: its start, its stop and its log."""

import asyncio
from pathlib import Path

from contract.builders import model, offering, provider, registry
from fixtures.agents import agent_at, message, post
from fixtures.server import start_server
from fixtures.written import write_records


def test_it_stops_as_soon_and_as_quietly_as_without_agents(tmp_path: Path) -> None:
    content = registry(model("own-one"), provider("our-house"), offering("our-house", "own-one", "0.25"))
    write_records(tmp_path / "registry", content)
    with start_server(tmp_path / "server", registry=tmp_path / "registry", RATE_LIMIT="6") as server:
        # What only the SDK needs is not there before somebody needs it.
        maps = Path(f"/proc/{server.process.pid}/maps")
        assert not maps.exists() or "/rpds/" not in maps.read_text()
        url = f"http://127.0.0.1:{server.port}"

        async def ask() -> None:
            async with agent_at(url, mode="2026-07-28") as agent:
                found = await agent.call("search_models")
                assert [one["id"] for one in found["models"]] == ["own-one"]
                # More than the rate allows: what the client makes of that is its own, but it ends.
                for _ in range(6):
                    await post(url, message("ping"))

        asyncio.run(ask())
        code, _ = server.stop()
        assert code == 0
        assert [line["event"] for line in server.log] == ["stopped"]
