"""Uses of the SDK that are wrong. It is not run.

mypy must find fault with each line where a fault is ignored, else it says so; pyright, which
is told to ignore none, with the same lines.
"""

import httpx2

from openmodels_client import AsyncOpenModels, OpenModels


def plain(client: OpenModels) -> None:
    _ = client.models.get("kimi-k2").contextwindow  # type: ignore[attr-defined]
    client.models.list(sort="colour")  # type: ignore[arg-type]
    client.models.list(colour="blue")  # type: ignore[call-arg]
    client.models.list("vision")  # type: ignore[call-arg]
    client.models.compare("kimi-k2", period="3 weeks")  # type: ignore[arg-type]
    client.models.get(7)  # type: ignore[arg-type]
    client.models.get("kimi-k2").context_window + 1  # type: ignore[operator]
    client.telemetry.stream(kind="weather")  # type: ignore[arg-type]
    client.models.get("kimi-k2").name = "other"  # type: ignore[misc]
    OpenModels(http_client=httpx2.AsyncClient())  # type: ignore[arg-type]


async def with_asyncio(client: AsyncOpenModels) -> None:
    for _ in client.models.iter():  # type: ignore[attr-defined]
        pass
    (await client.models.get("kimi-k2")).providers.append("x")  # type: ignore[attr-defined]
    _ = client.models.get("kimi-k2").name  # type: ignore[attr-defined]
