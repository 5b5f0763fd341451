"""Which addresses the records take: nothing that cannot be seen is ever part of one."""

import re

import msgspec
import pytest

from openmodels.domain.records import BASE_URL_PATTERN, URL_PATTERN, BaseUrl, ProbePolicy, Url

CONTROLS = [*map(chr, range(32)), "\x7f"]


@pytest.mark.parametrize("type_", [Url, BaseUrl])
@pytest.mark.parametrize(
    "place", ["https://example.com/{}a", "https://example.com/a{}", "https://example.com{}"]
)
def test_an_address_has_no_control_characters(type_: object, place: str) -> None:
    for control in CONTROLS:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(place.format(control), type_)
    assert msgspec.convert(place.format(""), type_)


def test_what_a_health_check_asks_for_has_none_either() -> None:
    for control in CONTROLS:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"health_path": f"/health{control}"}, ProbePolicy)
    assert msgspec.convert({"health_path": "/health"}, ProbePolicy).health_path == "/health"


def test_an_address_to_append_to_may_be_one_in_the_house() -> None:
    for pattern, takes in ((URL_PATTERN, False), (BASE_URL_PATTERN, True)):
        assert bool(re.search(pattern, "http://localhost:8000/v1")) is takes
        assert re.search(pattern, "https://api.example.com:8443/v1?a=b")
        assert not re.search(pattern, "http://example.com/v1")
