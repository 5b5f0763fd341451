"""A registry of any size that looks like a real one: the same for the same seed, on every machine."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal, get_args

from openmodels.domain.records import Model, Offering, Pricing, Provider, RateLimits, Registry, Source, Vendor
from openmodels.domain.vocabulary import Capability

SEED = 20260101
MODELS, OFFERINGS, PROVIDERS, VENDORS = 5_000, 50_000, 120, 60


def _parts(text: str, separator: str | None = None) -> list[str]:
    return text.split(separator)


HEADS = _parts(
    "Open Deep North Blue Silver Quantum Bright Terra Nova Polar Iron Clear Solar Echo Vector Prime"
)
TAILS = _parts("Mind Labs Research Works Cloud Compute Systems Forge Inference Stack Grid Logic Reach Wave")
ROOTS = _parts(
    "Llama Falcon Heron Gemma Orca Phi Yarrow Mistral Zephyr Kestrel Sonnet Aria Ember Quill Atlas Vega "
    "Lynx Onyx Cobalt Juniper Marlin Nimbus Pico Raven Saga Tundra Umbra Willow Xenon Yeti Zircon Command"
)
SIZES = _parts("0.5B 1B 3B 7B 8B 12B 14B 22B 27B 32B 70B 72B 104B 123B 235B 405B 671B")
KINDS = _parts("Instruct Chat Coder Reasoner Vision Embed Mini Pro Flash Turbo Max Preview Thinking Base")
USES = _parts(
    "general conversation,long documents,agentic coding,retrieval over large corpora,function calling,"
    "multilingual translation,mathematical proofs,image understanding,structured extraction,summaries,"
    "customer support,scientific questions,creative writing,tool use in long sessions,on-device assistants,"
    "semantic search,classification of short texts,reading charts and tables,legal drafting,data analysis",
    ",",
)
MANNERS = _parts(
    "Tuned for,Built for,Aimed at,Distilled for,Trained from scratch for,A mixture of experts for,"
    "A dense transformer for,A small and fast model for,The flagship of its line for",
    ",",
)
EXTRAS = _parts(
    "It keeps its accuracy over the whole context window.,Weights are published under a permissive licence.,"
    "Latency stays low even under heavy load.,It follows long system prompts closely.,"
    "Answers can be held to a JSON schema.,Its tokenizer covers more than a hundred languages.,"
    "Reasoning effort can be set for each request.,It was post-trained with reinforcement learning.,"
    "The vendor recommends it as a drop-in replacement for its predecessor.",
    ",",
)
REGIONS = _parts("us-east-1 us-west-2 eu-west-1 eu-central-1 ap-southeast-1 ap-northeast-1 sa-east-1")
LICENSES = ("proprietary", "apache-2.0", "mit", "other", "llama3.1")
START = datetime(2023, 1, 1, tzinfo=UTC)


def generate_registry(
    *, models: int = MODELS, offerings: int = OFFERINGS, providers: int = PROVIDERS, seed: int = SEED
) -> Registry:
    """A valid registry with so many records."""
    chance = random.Random(seed)
    vendor_records = _named(chance, VENDORS)
    provider_names = _named(chance, providers, suffix="AI")
    model_records = _models(chance, models, vendor_records)
    provider_records = tuple(_provider(chance, id_, name) for id_, name in provider_names)
    return Registry(
        models=model_records,
        providers=provider_records,
        offerings=_offerings(chance, offerings, model_records, provider_records),
        vendors=tuple(Vendor(id=id_, name=name) for id_, name in vendor_records),
    )


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-").replace(".", "-")


def _named(chance: random.Random, count: int, suffix: str = "") -> list[tuple[str, str]]:
    """Ids and names, sorted by id."""
    names = [f"{head} {tail} {suffix}".strip() for head in HEADS for tail in TAILS]
    return sorted((_slug(name), name) for name in chance.sample(names, count))


def _models(chance: random.Random, count: int, vendors: list[tuple[str, str]]) -> tuple[Model, ...]:
    made: dict[str, Model] = {}
    while len(made) < count:
        family = chance.choice(ROOTS)
        version = f"{chance.randint(1, 6)}.{chance.randint(0, 9)}"
        name = f"{family} {version} {chance.choice(SIZES)} {chance.choice(KINDS)}"
        made.setdefault(_slug(name), _model(chance, name, family, chance.choice(vendors)))
    return tuple(made[id_] for id_ in sorted(made))


def _model(chance: random.Random, name: str, family: str, vendor: tuple[str, str]) -> Model:
    released = START + timedelta(days=chance.randrange(1400))
    uses = chance.sample(USES, 3)
    open_weights = chance.random() < 0.5
    modalities: tuple[Literal["text", "image"], ...] = (
        ("text", "image") if chance.random() < 0.3 else ("text",)
    )
    return Model(
        id=_slug(name),
        name=name,
        description=f"{chance.choice(MANNERS)} {uses[0]}, {uses[1]} and {uses[2]}, by {vendor[1]}. "
        + " ".join(chance.sample(EXTRAS, 2)),
        capabilities=("chat", *chance.sample(get_args(Capability)[2:], chance.randint(1, 4))),
        modalities=modalities,
        context_window=chance.choice([8_192, 32_768, 128_000, 200_000, 1_000_000]),
        licensing=chance.choice(LICENSES[1:]) if open_weights else LICENSES[0],
        created_at=released,
        updated_at=released + timedelta(days=chance.randrange(100)),
        vendor=vendor[0],
        family=_slug(family),
        max_output_tokens=chance.choice([4_096, 8_192, 32_768, None]),
        input_modalities=modalities,
        output_modalities=("text",),
        open_weights=open_weights,
        release_date=released.date().isoformat(),
        aliases=(f"{_slug(name)}-latest",) if chance.random() < 0.2 else (),
    )


def _provider(chance: random.Random, id_: str, name: str) -> Provider:
    return Provider(
        id=id_,
        name=name,
        description=f"{name} serves open and proprietary models for {chance.choice(USES)}.",
        api_base_url=f"https://api.{id_}.example/v1",
        auth_type="bearer",
        regions=tuple(sorted(chance.sample(REGIONS, chance.randint(2, 5)))),
        compatibility=chance.choice(["openai", "openai", "openai", "anthropic", "custom"]),
        created_at=START,
        updated_at=START + timedelta(days=chance.randrange(1000)),
        docs_url=f"https://docs.{id_}.example",
    )


def _offerings(
    chance: random.Random, count: int, models: tuple[Model, ...], providers: tuple[Provider, ...]
) -> tuple[Offering, ...]:
    pairs = chance.sample(range(len(models) * len(providers)), count)
    return tuple(
        _offering(chance, models[pair % len(models)], providers[pair // len(models)])
        for pair in sorted(pairs)
    )


def _offering(chance: random.Random, model: Model, provider: Provider) -> Offering:
    price = Decimal(chance.randrange(1, 1000)) / 100
    changed = model.created_at + timedelta(days=chance.randrange(300))
    return Offering(
        model_id=model.id,
        provider_id=provider.id,
        provider_model_name=f"{model.vendor}/{model.name.replace(' ', '-')}",
        pricing=Pricing(
            input_per_million=price if chance.random() < 0.95 else None,
            output_per_million=price * 4,
            currency="USD" if chance.random() < 0.95 else "EUR",
            cache_read_per_million=price / 10 if chance.random() < 0.3 else None,
        ),
        available_regions=provider.regions[: chance.randint(1, len(provider.regions))],
        created_at=model.created_at,
        updated_at=changed,
        rate_limits=RateLimits(
            requests_per_minute=chance.choice([60, 600, 3000]), tokens_per_minute=1_000_000
        ),
        source=Source(name=provider.name, url=provider.docs_url, verified_at=changed)
        if chance.random() < 0.7
        else None,
    )
