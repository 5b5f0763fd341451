"""Wheels and folders that mean harm."""

import io
import os
import stat
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.sources import READ_AT, wheel
from openmodels.clock import SettableClock
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import packages
from openmodels.registry.importers.fetch import Place, fetch
from openmodels.registry.importers.packages import Package

GLOW = Package(name="glow-prices", members=("glow_prices/data.json",), install="pip install it")
WHOLE = wheel({"glow_prices/data.json": b'{"a": 1}' * 50, "glow_prices-1.dist-info/METADATA": b"Version: 1"})


def read(whole: bytes) -> packages.Found:
    return packages.wheel(GLOW, io.BytesIO(whole), "glow.whl")


def with_member(info: zipfile.ZipInfo, content: bytes, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as opened:
        opened.writestr(info, content, how)
    return whole.getvalue()


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_it_unpacks_only_what_can_be_bounded_while_it_is_unpacked(how: int) -> None:
    bomb = with_member(zipfile.ZipInfo("glow_prices/data.json"), b"0" * 10_000_000, how)
    with pytest.raises(SourceUnreadable, match="packed in a way that wheels are not"):
        read(bomb)


def test_a_link_is_no_document() -> None:
    link = zipfile.ZipInfo("glow_prices/data.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(SourceUnreadable, match="is a link"):
        read(with_member(link, b"/etc/passwd"))


def test_a_list_of_members_that_is_absurdly_long_is_not_read() -> None:
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", *[0] * 18)[:46]
    count = packages.MAX_READ // len(entry) + 100
    listed = entry * count
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count % 65536, count % 65536, len(listed), 0, 0)
    tracemalloc.start()
    try:
        with pytest.raises(SourceUnreadable, match="its list of members is longer than"):
            read(listed + end)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_a_name_that_is_no_text_is_refused_plainly() -> None:
    broken = WHOLE.replace(b"glow_prices/data.json", b"glow_prices/\xff\xfe\xfd\x1b.json")
    flagged = bytearray(broken)
    flagged[flagged.index(b"PK\x01\x02") + 9] |= 0x08
    with pytest.raises(SourceUnreadable) as error:
        read(bytes(flagged))
    assert str(error.value).isprintable()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_wheel_is_read_or_refused_and_nothing_else(damage: list[tuple[int, int]]) -> None:
    broken = bytearray(WHOLE)
    for place, byte in damage:
        broken[place] = byte
    refusal = ""
    try:
        read(bytes(broken))
    except SourceUnreadable as refused:
        refusal = str(refused)
    assert refusal.isprintable()


def test_a_version_behind_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "glow_prices").mkdir()
    (tmp_path / "glow_prices" / "data.json").write_bytes(b"{}")
    (tmp_path / "glow_prices-1.dist-info").mkdir()
    os.mkfifo(tmp_path / "glow_prices-1.dist-info" / "METADATA")
    assert packages.unpacked(GLOW, tmp_path).version is None


@pytest.mark.parametrize("name", ["a" * 5000, "file:/etc/passwd", "a\x00b"])
def test_a_path_that_cannot_be_is_refused_plainly(name: str) -> None:
    with pytest.raises(SourceUnreadable) as error:
        fetch(Place(kind="url"), name, clock=SettableClock(READ_AT))
    assert str(error.value).isprintable()


@pytest.mark.parametrize("place", [Place(kind="url"), Place(kind="package", package=GLOW)])
def test_a_pipe_is_refused_by_any_name(tmp_path: Path, place: Place) -> None:
    for name in ("data.json", "glow.whl"):
        os.mkfifo(tmp_path / name)
        with pytest.raises(SourceUnreadable, match="no regular file"):
            fetch(place, str(tmp_path / name), clock=SettableClock(READ_AT))
