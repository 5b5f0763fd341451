"""A server's certificate and its key, and what to say when they cannot be used."""

import ssl
from pathlib import Path

from openmodels.errors import SettingsError


def server_context(cert: Path, key: Path, *, called: tuple[str, str]) -> ssl.SSLContext:
    """A server's context with this certificate chain and its key.

    ``called`` is how to call the two to whoever gave them. Raises ``SettingsError`` when they cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # An empty password, so that an encrypted key is refused and not asked about on the terminal.
        context.load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        reason = (error.reason or "not PEM").replace("_", " ").lower()
        raise SettingsError(
            f"{called[0]} and {called[1]} cannot be used ({reason}): "
            "give a certificate chain and its own unencrypted private key, both as PEM"
        ) from None
    except OSError as error:
        raise SettingsError(f"{called[0]} or {called[1]} cannot be read: {error.strerror}") from None
    return context
