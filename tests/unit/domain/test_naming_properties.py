"""What holds of every name, whatever models are known."""

import re

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contract.builders import model
from openmodels.domain.naming import Resolver
from openmodels.domain.naming.rules import SUFFIXES
from openmodels.domain.naming.spelling import canonical_id, spelled
from openmodels.domain.records import ID_PATTERN, Model

FAMILIES = ("gpt", "claude", "llama", "qwen3", "mistral", "glm")
TIERS = (
    "mini",
    "nano",
    "pro",
    "lite",
    "max",
    "flash",
    "turbo",
    "thinking",
    "reasoning",
    "coder",
    "vl",
    "vision",
)
VERSIONS = ("4", "4-5", "4o", "3-3", "v3", "k2", "2507", "20250514")
SIZES = ("8b", "70b", "235b-a22b")
ENDINGS = ("instruct", "it", "latest", "preview", "fp8")
DECLARED = ("-20310101", "-2031-01-01", "-fp8", "@fp8", "-awq", "-eu", "@us-east5", "-v1:0", ":free")

ids = st.builds(
    lambda family, parts: "-".join((family, *parts)),
    st.sampled_from(FAMILIES),
    st.lists(st.sampled_from(VERSIONS + SIZES + TIERS + ENDINGS), max_size=4),
)
models = st.lists(ids, unique=True, min_size=1, max_size=8).flatmap(
    lambda chosen: st.tuples(
        *(st.builds(_model, st.just(i), st.sampled_from(chosen), st.booleans() | st.none()) for i in chosen)
    )
)
texts = st.text(max_size=300) | st.text(alphabet="abq48-./:@_fpv +\u212a\ufb01\u0130", max_size=300)


def _model(model_id: str, titled_as: str, open_weights: bool | None) -> Model:
    return model(model_id, name=titled_as.title(), aliases=(f"{model_id}-alias",), open_weights=open_weights)


@given(models, st.data())
@settings(deadline=None, max_examples=50)
def test_it_resolves_an_id_and_an_alias_to_their_owner(known: tuple[Model, ...], data: st.DataObject) -> None:
    resolver, one = Resolver(known), data.draw(st.sampled_from(known))
    title = data.draw(st.sampled_from(known)).name
    for name in (one.id, *one.aliases):
        found = resolver.resolve(name, title=title)
        assert found.model_id == one.id
        assert resolver.resolve(found.model_id).model_id == found.model_id


@given(models, st.data())
@settings(deadline=None, max_examples=50)
def test_it_does_not_mind_how_a_name_is_spelled(known: tuple[Model, ...], data: st.DataObject) -> None:
    resolver, one = Resolver(known), data.draw(st.sampled_from(known))
    separators = iter(data.draw(st.lists(st.sampled_from("-_. "), min_size=20, max_size=20)))
    name = re.sub("-", lambda _: next(separators), data.draw(st.sampled_from([one.id, one.id.upper()])))
    assert resolver.resolve(name).model_id == one.id


@given(ids, st.sampled_from(DECLARED), st.booleans())
@settings(deadline=None, max_examples=50)
def test_it_takes_a_declared_mark_off_an_id(model_id: str, mark: str, prefixed: bool) -> None:
    dated = re.search(r"-(2507|20250514|latest)(-|$)", model_id)
    assume(not (dated and re.search(r"\d{4}", mark) and not mark.startswith("@us")))
    resolver = Resolver([_model(model_id, model_id, None)])
    name = ("somebody/" if prefixed else "") + model_id + mark
    assert resolver.resolve(name).model_id == model_id


@given(models, st.sampled_from(TIERS), st.sampled_from((*DECLARED, "")), st.data())
@settings(deadline=None, max_examples=50)
def test_it_never_takes_a_name_with_another_tier_for_the_plain_one(
    known: tuple[Model, ...], tier: str, mark: str, data: st.DataObject
) -> None:
    one = data.draw(st.sampled_from(known))
    # A model that is called "Llama Vision" is not the plain one, whatever its id is.
    assume(tier not in re.split(r"[^a-z0-9]+", one.name.lower()))
    title = data.draw(st.sampled_from([one.name, None]))
    found = Resolver(known).resolve(f"{one.id}-{tier}{mark}", title=title)
    assert found.model_id != one.id


@given(models, st.sampled_from(SIZES), st.data())
@settings(deadline=None, max_examples=50)
def test_it_never_takes_a_name_with_another_size_for_the_plain_one(
    known: tuple[Model, ...], size: str, data: st.DataObject
) -> None:
    one = data.draw(st.sampled_from(known))
    assert Resolver(known).resolve(f"{one.id}-{size}", title=one.name).model_id != one.id


@given(models, texts, texts, texts)
@settings(deadline=None, max_examples=50)
def test_it_survives_any_text(known: tuple[Model, ...], name: str, provider: str, title: str) -> None:
    resolver = Resolver(known)
    found = resolver.resolve(name, provider=provider, title=title)
    assert found.model_id is None or found.model_id in {one.id for one in known}
    assert len(found.candidates) <= 5
    assert all(0 <= candidate.score <= 1 for candidate in found.candidates)
    assert (found.model_id is None) or (found.rules and not found.candidates)


@given(models, texts)
@settings(deadline=None, max_examples=50)
def test_it_gives_a_stem_that_is_its_own_stem_and_may_be_an_id(known: tuple[Model, ...], name: str) -> None:
    resolver = Resolver(known)
    stem = resolver.stem(name)
    assert stem == "" or re.match(ID_PATTERN, stem)
    assert len(stem) <= 255
    assert resolver.stem(stem) == stem


@given(models, st.sampled_from(("ft", "lora", "adapter", "merge", "my-model", "x")), st.data())
@settings(deadline=None, max_examples=50)
def test_it_never_takes_what_was_made_of_a_model_for_the_model(
    known: tuple[Model, ...], scheme: str, data: st.DataObject
) -> None:
    one, path = data.draw(st.sampled_from(known)), data.draw(st.sampled_from(("", "org/", "a/b/")))
    for name in (f"{scheme}:{path}{one.id}", f"hf:{scheme}:{one.id}", f"org/{scheme}:{one.id}"):
        assert Resolver(known).resolve(name, title=one.name).model_id is None


@given(texts)
def test_it_spells_every_text_as_an_id_or_not_at_all(text: str) -> None:
    for result in (spelled(text), canonical_id(text)):
        assert result == "" or re.match(ID_PATTERN, result)
        assert spelled(result) == result


def test_it_declares_no_mark_that_is_a_tier_or_a_size() -> None:
    for word in (
        *TIERS,
        *SIZES[:2],
        "xl",
        "plus",
        "ultra",
        "preview",
        "think",
        "code",
        "image",
        "audio",
        "embed",
    ):
        for sign in "-:@":
            found = [
                rule.name for rule in SUFFIXES if rule.pattern and rule.pattern.search(f"x-5{sign}{word}")
            ]
            assert found == [], f"{found} would take off {sign}{word}"
