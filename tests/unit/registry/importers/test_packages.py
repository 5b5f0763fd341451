import io
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fixtures.sources import wheel
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import packages
from openmodels.registry.importers.packages import Package

GLOW = Package(
    name="glow-prices", members=("glow_prices/data.json", "glow_prices/data.py"), install="pip install it"
)
METADATA = b"Metadata-Version: 2.4\nName: glow-prices\nVersion: 1.2.3\n\nVersion: 9\n"
MEMBERS = {
    "glow_prices/data.json": b"{}",
    "glow_prices/__init__.py": b"raise SystemExit",
    "glow_prices-1.2.3.dist-info/METADATA": METADATA,
}


def test_it_reads_a_wheel_and_its_version() -> None:
    found = packages.wheel(GLOW, io.BytesIO(wheel(MEMBERS)), "glow.whl")
    assert (found.document, found.version) == (b"{}", "1.2.3")


def test_the_first_member_that_is_there_is_read() -> None:
    later = {"glow_prices/data.py": b"x = 1"}
    assert packages.wheel(GLOW, io.BytesIO(wheel(later)), "glow.zip").document == b"x = 1"
    assert packages.wheel(GLOW, io.BytesIO(wheel(later | MEMBERS)), "glow.zip").document == b"{}"


@pytest.mark.parametrize("day", [(1980, 1, 1), (2020, 2, 2)])
def test_the_day_that_repeatable_builds_write_is_no_date(day: tuple[int, int, int]) -> None:
    assert packages.wheel(GLOW, io.BytesIO(wheel(MEMBERS, dated=day)), "glow.whl").dated is None
    dated = packages.wheel(GLOW, io.BytesIO(wheel(MEMBERS, dated=(2026, 3, 4))), "glow.whl").dated
    assert dated == datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "metadata", [b"", b"Name: glow-prices\n\nVersion: 9\n", b"Version: \x1b[31m\n", b"Version: " + b"1" * 200]
)
def test_a_version_that_is_none_is_left_out(metadata: bytes) -> None:
    broken = MEMBERS | {"glow_prices-1.2.3.dist-info/METADATA": metadata}
    assert packages.wheel(GLOW, io.BytesIO(wheel(broken)), "glow.whl").version is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"x" * 100, wheel(MEMBERS)[:-30]])
def test_it_refuses_what_is_no_zip_file(content: bytes) -> None:
    with pytest.raises(SourceUnreadable, match="not a zip file"):
        packages.wheel(GLOW, io.BytesIO(content), "glow.whl")


def test_it_refuses_a_damaged_and_a_locked_member() -> None:
    whole = wheel({"glow_prices/data.json": b'{"a": 1}' * 100})
    start = whole.index(b"data.json") + len("data.json")
    with pytest.raises(SourceUnreadable, match="not a zip file that can be read"):
        packages.wheel(GLOW, io.BytesIO(whole[:start] + b"\xff" * 8 + whole[start + 8 :]), "glow.whl")
    locked = bytearray(whole)
    for header in (whole.index(b"PK\x03\x04") + 6, whole.index(b"PK\x01\x02") + 8):
        locked[header] |= 1
    with pytest.raises(SourceUnreadable, match="encrypted"):
        packages.wheel(GLOW, io.BytesIO(bytes(locked)), "glow.whl")


def test_it_stops_unpacking_where_a_member_grows_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MAX_BYTES", 1000)
    bomb = wheel({"glow_prices/data.json": b"0" * 1_000_000})
    assert len(bomb) < 2000
    with pytest.raises(SourceUnreadable, match="larger than 1,000 bytes"):
        packages.wheel(GLOW, io.BytesIO(bomb), "glow.whl")


def test_it_says_what_a_wheel_of_another_package_lacks() -> None:
    other = wheel({"other/data.json": b"{}"})
    with pytest.raises(SourceUnreadable, match=r"holds no glow_prices/data.json or glow_prices/data.py"):
        packages.wheel(GLOW, io.BytesIO(other), "other.whl")


def test_it_reads_a_folder_of_packages_and_the_package_itself(tmp_path: Path) -> None:
    zipfile.ZipFile(io.BytesIO(wheel(MEMBERS))).extractall(tmp_path)
    for folder in (tmp_path, tmp_path / "glow_prices"):
        found = packages.unpacked(GLOW, folder)
        assert (found.document, found.version) == (b"{}", "1.2.3")
    with pytest.raises(SourceUnreadable, match="holds no"):
        packages.unpacked(GLOW, tmp_path / "glow_prices-1.2.3.dist-info")


def test_it_reads_an_installed_package_without_running_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert packages.installed(GLOW) is None
    zipfile.ZipFile(io.BytesIO(wheel(MEMBERS))).extractall(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    found = packages.installed(GLOW)
    assert found is not None
    assert (found.document, found.version) == (b"{}", "1.2.3")
    (tmp_path / "glow_prices" / "data.json").unlink()
    with pytest.raises(SourceUnreadable, match=r"the installed glow-prices 1\.2\.3 holds no"):
        packages.installed(GLOW)


def test_it_refuses_pipes_devices_and_what_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(SourceUnreadable, match="no regular file"):
            packages.read_file(path)
    monkeypatch.setattr(packages, "MAX_BYTES", 3)
    (tmp_path / "large").write_bytes(b"1234")
    with pytest.raises(SourceUnreadable, match="larger than"):
        packages.read_file(tmp_path / "large")
    with pytest.raises(SourceUnreadable, match="cannot be read"):
        packages.read_file(tmp_path / "missing")
