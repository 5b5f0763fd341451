"""Where a source's document comes from: an installed package, a folder, a file, a wheel, or an address."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Literal

from msgspec import Struct

from openmodels.clock import Clock
from openmodels.domain.faults import visible
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import packages
from openmodels.registry.importers.document import Progress
from openmodels.registry.importers.gather import digest
from openmodels.registry.importers.packages import Found, Package


class Place(Struct, frozen=True, kw_only=True):
    """Where a source's document is."""

    kind: Literal["url", "package"]
    """Where it is when nobody says."""
    default: str | None = None
    """The address to read when nobody says; None where somebody must."""
    package: Package | None = None
    """The package that holds it."""
    address: str | None = None
    """An address to suggest to who has no package."""
    complete: Callable[[str], str] | None = None
    """Makes the whole address of what the user typed."""


class Fetched(Struct, frozen=True, kw_only=True):
    """A document, and where it comes from."""

    document: bytes
    """What it holds."""
    version: str | None
    """Its version: that of the package, else the first 12 hexadecimal digits of its SHA-256."""
    observed_at: datetime
    """When it was made or last changed, where that is known, else now; never later than now, in UTC."""
    origin: str
    """Where it was found, for people."""


def fetch(
    place: Place,
    from_: str | None,
    *,
    clock: Clock,
    key: str | None = None,
    progress: Progress | None = None,
) -> Fetched:
    """The document at ``from_`` (a file, a folder, a wheel or an address), or where it is by default.

    ``key`` goes to an address as a bearer token. Raises ``SourceUnreadable``, which says what to type.
    """
    if from_ is None:
        if place.package is not None:
            return _from_package(place, place.package, clock)
        from_ = place.default
    if from_ is None:
        raise SourceUnreadable("say where to import from: --from with a file or an address")
    if "://" in from_:
        return _from_address(place, from_, clock, key, progress)
    return _from_path(place, Path(from_), clock)


def _from_package(place: Place, package: Package, clock: Clock) -> Fetched:
    found = packages.installed(package)
    if found is None:
        address = f", or --from {place.address}" if place.address else ""
        raise SourceUnreadable(
            f"the package {package.name} is not installed: {package.install}, "
            f"or --from a downloaded wheel or file{address}"
        )
    return _fetched(found, f"the installed package {package.name}", clock)


def _from_path(place: Place, path: Path, clock: Clock) -> Fetched:
    shown = visible(str(path))
    try:
        exists, is_folder = path.exists(), path.is_dir()
    except OSError as error:
        raise SourceUnreadable(f"{shown} cannot be read: {error.strerror}") from None
    if not exists:
        raise SourceUnreadable(f"there is no file {shown}; an address begins with https:// or http://")
    if is_folder:
        if place.package is None:
            raise SourceUnreadable(f"{shown} is a folder; name the file in it")
        return _fetched(packages.unpacked(place.package, path), str(path), clock)
    if place.package is not None and path.suffix in {".whl", ".zip"}:
        with packages.opened(path) as (file, written):
            found = packages.wheel(place.package, file, str(path))
        return _fetched(found, str(path), clock, otherwise=written)
    document, dated = packages.read_file(path)
    return _fetched(Found(document=document, version=None, dated=dated), str(path), clock)


def _from_address(
    place: Place, address: str, clock: Clock, key: str | None, progress: Progress | None
) -> Fetched:
    # Only who reads an address pays for the HTTP library.
    from openmodels.registry.importers.web import download  # noqa: PLC0415

    whole = place.complete(address) if place.complete else address
    body, dated = download(whole, clock, key=key, progress=progress)
    origin = whole.partition("?")[0]
    if place.package is not None and body.startswith(packages.WHEEL_START):
        return _fetched(packages.wheel(place.package, BytesIO(body), origin), origin, clock, otherwise=dated)
    return _fetched(Found(document=body, version=None, dated=dated), origin, clock)


def _fetched(found: Found, origin: str, clock: Clock, *, otherwise: datetime | None = None) -> Fetched:
    now = clock.now().astimezone(UTC)
    dated = (found.dated or otherwise or now).replace(microsecond=0)
    return Fetched(
        document=found.document,
        version=found.version or digest(found.document),
        observed_at=min(dated, now),
        origin=visible(origin),
    )
