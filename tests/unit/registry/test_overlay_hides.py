"""What an overlay hides."""

from pathlib import Path

import msgspec
import pytest

from fixtures.overlays import issues, laid, model_named
from fixtures.registry_files import write
from openmodels.registry.load import Laid
from openmodels.registry.overlay import load_with_overlay


def test_hidden_providers_take_their_offerings_along(public: Path, overlay: Path) -> None:
    write(overlay, "overlay.yaml", "hide:\n  providers: [zeta]\n")
    registry = laid(public, overlay)
    assert [p.id for p in registry.providers] == ["acme"]
    assert [(o.provider_id, o.model_id) for o in registry.offerings] == [("acme", "acme-one")]
    assert [m.id for m in registry.models] == ["acme-one", "old"]
    assert load_with_overlay(public, overlay).overlay == Laid(added=0, changed=0, hidden=3)


def test_hidden_models_are_not_even_named_as_successors(public: Path, overlay: Path) -> None:
    write(overlay, "overlay.yaml", "hide:\n  models: [acme-one]\n")
    registry = laid(public, overlay)
    assert [m.id for m in registry.models] == ["old"]
    assert [(o.provider_id, o.model_id) for o in registry.offerings] == [("zeta", "old")]
    assert b"acme-one" not in msgspec.json.encode(registry)


def test_it_hides_single_offerings(public: Path, overlay: Path) -> None:
    write(overlay, "overlay.yaml", "hide:\n  offerings: [zeta/acme-one]\n")
    registry = laid(public, overlay)
    assert [(o.provider_id, o.model_id) for o in registry.offerings] == [
        ("acme", "acme-one"),
        ("zeta", "old"),
    ]


@pytest.mark.parametrize(
    ("text", "code", "path", "hint"),
    [
        ("providers: [zita]", "unknown-provider", "hide.providers[0]", "did you mean `zeta`?"),
        ("models: [acme-uno]", "unknown-model", "hide.models[0]", "did you mean `acme-one`?"),
        (
            "offerings: [zeta/acme-on]",
            "unknown-mapping",
            "hide.offerings[0]",
            "did you mean `zeta/acme-one`?",
        ),
        ("offerings: [acme-one]", "bad-format", "hide.offerings[0]", None),
        ("providers: zeta", "wrong-type", "hide.providers", None),
        ("provider: [zeta]", "unknown-key", "hide.provider", "did you mean `providers`?"),
        ("providers: [../../etc]", "bad-id", "hide.providers[0]", None),
    ],
)
def test_what_hides_nothing_is_an_issue(
    public: Path, overlay: Path, text: str, code: str, path: str, hint: str | None
) -> None:
    write(overlay, "overlay.yaml", f"hide:\n  {text}\n")
    (issue,) = issues(public, overlay)
    assert (issue.layer, issue.file, issue.line) == ("overlay", "overlay.yaml", 2)
    assert (issue.code, issue.path) == (code, path)
    assert hint is None or issue.hint == hint


@pytest.mark.parametrize("text", ['["\\e[31m"]', "[*gone]", "[!secret x]"])
def test_what_the_text_took_away_is_told_once(public: Path, overlay: Path, text: str) -> None:
    write(overlay, "overlay.yaml", f"hide:\n  providers: {text}\n  models: [5]\n")
    assert [(issue.code, issue.line) for issue in issues(public, overlay)][1:] == [("wrong-type", 3)]


def test_successors_that_are_not_hidden_are_still_named(public: Path, overlay: Path) -> None:
    write(overlay, "overlay.yaml", "hide:\n  providers: [zeta]\n")
    assert model_named(laid(public, overlay), "old").replaced_by == "acme-one"


@pytest.mark.parametrize("text", ["", "- a\n", "hide: [a\n", "hides: {}\n", "hide: &a {}\n", b"\xff"])
def test_a_list_of_hidden_things_that_cannot_be_read_is_an_issue(
    public: Path, overlay: Path, text: str | bytes
) -> None:
    write(overlay, "overlay.yaml", text)
    (issue,) = issues(public, overlay)
    assert (issue.layer, issue.file) == ("overlay", "overlay.yaml")


@pytest.mark.parametrize(
    ("hide", "file"),
    [
        ("providers: [zeta]", "mappings/zeta/old.yaml"),
        ("models: [old]", "mappings/zeta/old.yaml"),
        ("offerings: [zeta/old]", "mappings/zeta/old.yaml"),
        ("models: [old]", "models/old.yaml"),
    ],
)
def test_it_cannot_hide_what_it_gives(public: Path, overlay: Path, hide: str, file: str) -> None:
    write(overlay, "overlay.yaml", f"hide:\n  {hide}\n")
    write(overlay, file, "status: preview\n")
    (issue,) = issues(public, overlay)
    assert (issue.layer, issue.file, issue.code) == ("overlay", "overlay.yaml", "hidden-and-given")
    assert file in issue.expected
