import gzip

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from openmodels.edge.encoding import PREFERENCE, coding_for, compress


def decompress(body: bytes, coding: str) -> bytes:
    if coding == "zstd":
        return zstandard.ZstdDecompressor().decompress(body)
    if coding == "br":
        return bytes(brotli.decompress(body))
    return gzip.decompress(body) if coding == "gzip" else body


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        (b"gzip", "gzip"),
        (b"GZip", "gzip"),
        (b"gzip, deflate, br, zstd", "zstd"),
        (b"gzip, deflate, br", "br"),
        (b"gzip, deflate", "gzip"),
        (b"br;q=0.9, gzip;q=1.0", "gzip"),
        (b"zstd;q=0.1,br;q=0.2,gzip;q=0.3", "gzip"),
        (b"gzip ; q=0.5 , br ; q=0.4", "gzip"),
        (b"*", "zstd"),
        (b"zstd;q=0, *", "br"),
        (b"zstd;q=0, br;q=0, *;q=0.1", "gzip"),
        (b"gzip, *;q=0", "gzip"),
        (b"*;q=0", "identity"),
        (b"", "identity"),
        (b"identity", "identity"),
        (b"deflate", "identity"),
        (b"gzip;q=0", "identity"),
        (b"gzip;q=0.000", "identity"),
        (b"identity;q=0", "identity"),
        (b"identity, gzip;q=0.5", "identity"),
        (b"identity;q=0.5, gzip;q=0.5", "gzip"),
        (b"gzip;q=1.000", "gzip"),
        (b"gzip;q=7", "gzip"),
        (b"gzip;q=-1", "identity"),
        (b"gzip;q=nan", "identity"),
        (b"gzip;q=", "identity"),
        (b"gzip;q=high", "identity"),
        (b"gzip;level=9", "gzip"),
        (b",,;;=,", "identity"),
        (b"\xff\xfe\x00", "identity"),
        (b"a," * 10_000 + b"gzip", "identity"),
    ],
)
def test_it_takes_the_coding_that_the_client_likes_best(accept: bytes, coding: str) -> None:
    assert coding_for(accept) == coding


@given(st.binary(max_size=100))
def test_it_takes_any_header(accept: bytes) -> None:
    assert coding_for(accept) in {*PREFERENCE, "identity"}


@given(st.dictionaries(st.sampled_from(["gzip", "br", "zstd", "deflate"]), st.integers(0, 1000)))
def test_it_never_takes_a_coding_that_is_liked_less_or_refused(likes: dict[str, int]) -> None:
    accept = ", ".join(f"{name};q={thousandths / 1000:.3f}" for name, thousandths in likes.items())
    coding = coding_for(accept.encode())
    ours = {name: value for name, value in likes.items() if name in PREFERENCE and value}
    if ours:
        best = max(ours.values())
        assert coding == next(name for name in PREFERENCE if ours.get(name) == best)
    else:
        assert coding == "identity"


@pytest.mark.parametrize("coding", [*PREFERENCE, "identity"])
@given(st.binary(max_size=3000))
def test_it_makes_what_decompresses_to_the_body(coding: str, body: bytes) -> None:
    made = compress(body, coding)
    assert decompress(made, coding) == body
    assert compress(body, coding) == made


@pytest.mark.parametrize("coding", PREFERENCE)
def test_it_makes_json_smaller(coding: str) -> None:
    body = b'{"id":"gpt-4o","context_window":128000}' * 50
    assert len(compress(body, coding)) < len(body) / 4
