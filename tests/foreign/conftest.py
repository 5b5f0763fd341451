"""The fixtures of this suite."""

from foreign.fixtures import aimock, aimock_server, client, mock_llm, mock_llm_server

__all__ = ["aimock", "aimock_server", "client", "mock_llm", "mock_llm_server"]
