"""The built files: scripts, styles, fonts and icons, as ``assets/build.mjs`` leaves them in ``static/``.

A checkout that was not built has none of them: its pages are complete, but plain.
"""

from collections.abc import Mapping
from importlib.resources import files
from mimetypes import guess_type

import msgspec
from msgspec import Struct

PREFIX = "/assets/"
"""Where they are served. Names hold a digest of the content, so that they may be kept for ever."""
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml"}


class Built(Struct, frozen=True, kw_only=True):
    """What is in ``static/``."""

    files: Mapping[str, bytes] = {}
    """By file name: everything that is served."""
    names: Mapping[str, str] = {}
    """By the name in the source, such as ``app.js``: the file name."""
    icons: Mapping[str, str] = {}
    """By name: what is inside an icon's ``<svg>``, of 16 by 16 units."""

    def path(self, name: str) -> str | None:
        """Where a file is served; None where nothing was built."""
        found = self.names.get(name)
        return None if found is None else PREFIX + found


def read_built() -> Built:
    """Everything that was built; nothing at all where nothing was."""
    static = files("openmodels.web") / "static"
    manifest = static / "manifest.json"
    if not manifest.is_file():
        return Built()
    names = msgspec.json.decode(manifest.read_bytes(), type=dict[str, str])
    icons = msgspec.json.decode((static / "icons.json").read_bytes(), type=dict[str, str])
    return Built(
        files={name: (static / name).read_bytes() for name in sorted(set(names.values()))},
        names=names,
        icons=icons,
    )


def media_type(name: str) -> str:
    """The media type of a built file."""
    suffix = name[name.rindex(".") :]
    return MEDIA_TYPES.get(suffix) or guess_type(name)[0] or "application/octet-stream"
