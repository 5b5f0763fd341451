"""What is probed and how, worked out from a published revision and the settings.

Keys are no part of a plan: they are looked for when a probe is made. So a plan says of a provider that has a
variable for its key that it can be measured; whether the key is there is known then.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import Struct

from openmodels.domain.policy import Policy, effective_policy
from openmodels.domain.records import Model, Offering, Pricing, Provider
from openmodels.domain.snapshot import Snapshot
from openmodels.domain.spending import cost, to_nano
from openmodels.domain.vocabulary import suggest
from openmodels.prober.schedule import Job
from openmodels.prober.style import PLAIN_TOKENS, REASONING_TOKENS, Styles
from openmodels.prober.target import Completion, Target
from openmodels.settings import Settings

PROMPT_TOKENS = 200
"""Taken for the input: the prompt is about 30 tokens, and some providers put a system prompt before it."""
_CHAT = frozenset({"chat", "completion", "code", "reasoning"})


class Choice(Struct, frozen=True, kw_only=True):
    """An offering that can be measured."""

    completion: Completion
    """What is asked for."""
    pricing: Pricing
    """What it costs."""
    estimate: int
    """The most that one probe may cost, in nano-units."""


class ProviderPlan(Struct, frozen=True, kw_only=True):
    """How one provider is probed."""

    provider_id: str
    """The provider."""
    name: str
    """Its name, for people."""
    policy: Policy
    """How it is probed."""
    target: Target
    """Where; without its key."""
    variables: Sequence[str] = ()
    """The environment variables that its key may be in."""
    choices: Sequence[Choice] = ()
    """The offerings that are measured in turn, by model id; empty where none can be."""
    unprobed: str = ""
    """Why it is not probed at all, for people; empty where it is."""
    unmeasured: str = ""
    """Why no offering is measured, a missing key aside, for people; empty where some are."""

    @property
    def needs_key(self) -> bool:
        """Whether a measurement needs a key."""
        return self.target.auth_type != "none"

    def choice(self, slot: int) -> Choice:
        """The offering whose turn it is: the same one for every prober, and after a restart."""
        return self.choices[slot % len(self.choices)]


class Plan(Struct, frozen=True, kw_only=True):
    """How every provider of a revision is probed."""

    revision: str
    """The revision."""
    providers: Mapping[str, ProviderPlan]
    """By id, in the order of ids."""

    def intervals(self) -> dict[Job, int]:
        """Every job that there is to do, with its interval in seconds."""
        jobs = {}
        for plan in self.providers.values():
            if not plan.unprobed:
                jobs[Job(plan.provider_id, "health")] = plan.policy.health_interval
            if plan.choices:
                jobs[Job(plan.provider_id, "latency")] = plan.policy.latency_interval
        return jobs


def default_policy(settings: Settings) -> Policy:
    """The policy of a provider whose file says nothing about probes."""
    return Policy(
        health_interval=settings.health_interval,
        latency_interval=settings.latency_interval,
        daily_limit=settings.probe_daily_limit,
        daily_budget=settings.probe_daily_budget,
        timeout=settings.probe_timeout,
    )


def make_plan(snapshot: Snapshot, settings: Settings, styles: Styles) -> Plan:
    """The plan for a revision. Reads no key, looks up no name."""
    offered: defaultdict[str, list[tuple[Model, Offering]]] = defaultdict(list)
    for model in snapshot.models:
        for offering in model.offerings:
            offered[offering.record.provider_id].append((model.record, offering.record))
    defaults = default_policy(settings)
    plans = {
        entry.record.id: _provider_plan(entry.record, offered[entry.record.id], defaults, settings, styles)
        for entry in snapshot.providers
    }
    return Plan(revision=snapshot.revision, providers=plans)


def stray_endpoints(settings: Settings, snapshot: Snapshot) -> list[str]:
    """A sentence for each of the ``endpoints`` that is for no provider, with what may have been meant."""
    sentences = []
    for provider_id in settings.endpoints:
        if snapshot.provider(provider_id) is None:
            near = suggest(provider_id, snapshot.provider_positions)
            hint = f"; did you mean {near}?" if near else ""
            sentences.append(f"OPENMODELS_ENDPOINTS names {provider_id}, which is no provider{hint}")
    return sentences


def is_text_chat(model: Model) -> bool:
    """Whether the model answers a text prompt with text."""
    if _CHAT.isdisjoint(model.capabilities):
        return False
    goes_in = model.input_modalities or model.modalities
    comes_out = model.output_modalities or model.modalities
    return bool({"text", "code"} & set(goes_in)) and bool({"text", "code"} & set(comes_out))


def _provider_plan(
    provider: Provider,
    offered: Sequence[tuple[Model, Offering]],
    defaults: Policy,
    settings: Settings,
    styles: Styles,
) -> ProviderPlan:
    policy = effective_policy(provider.probe, defaults)
    style, style_problem = _style_name(provider, policy, styles)
    own_endpoint = settings.endpoints.get(provider.id)
    target = Target(
        provider_id=provider.id,
        base_url=(own_endpoint or provider.api_base_url).rstrip("/"),
        style=style,
        auth_type=provider.auth_type,
        timeout=policy.timeout,
        health_path=policy.health_path,
        own_endpoint=own_endpoint is not None,
    )
    unprobed = _unprobed(target, policy)
    choices: Sequence[Choice] = ()
    unmeasured = unprobed or style_problem or _unmeasured(provider, policy)
    if not unmeasured:
        choices, unmeasured = _choices(offered, policy)
    return ProviderPlan(
        provider_id=provider.id,
        name=provider.name,
        policy=policy,
        target=target,
        variables=provider.env,
        choices=choices,
        unprobed=unprobed,
        unmeasured=unmeasured,
    )


def _style_name(provider: Provider, policy: Policy, styles: Styles) -> tuple[str | None, str]:
    """The name of the API style, or why there is none."""
    if policy.style is not None:
        if styles.named(policy.style) is not None:
            return policy.style, ""
        near = suggest(policy.style, styles.names)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(styles.names)}"
        return None, f"no API style is named {policy.style}; {hint}"
    style = styles.default_for(provider.compatibility)
    if style is None:
        return None, f"no API style for compatibility {provider.compatibility}"
    return style.name, ""


def _unprobed(target: Target, policy: Policy) -> str:
    if not policy.enabled:
        return "disabled in its file"
    if "{" in target.base_url:
        whole = f"OPENMODELS_ENDPOINTS={target.provider_id}=<whole address>"
        return f"its address has places to fill in: set {whole}"
    return ""


def _unmeasured(provider: Provider, policy: Policy) -> str:
    """Why it cannot be measured whatever it offers."""
    if provider.auth_type == "oauth2":
        return "oauth2 is not supported"
    return "daily limit 0" if policy.daily_limit == 0 else ""


def _choices(offered: Sequence[tuple[Model, Offering]], policy: Policy) -> tuple[Sequence[Choice], str]:
    """What can be measured, by model id; or why nothing can."""
    chat = [_choice(m, o) for m, o in offered if o.status != "retired" and is_text_chat(m)]
    if not chat:
        return (), "no chat model offered"
    affordable = [choice for choice in chat if choice.estimate <= to_nano(policy.daily_budget)]
    if not affordable:
        return (), f"one probe may cost more than the daily budget of {policy.daily_budget}"
    return tuple(sorted(affordable, key=lambda choice: choice.completion.model_id)), ""


def _choice(model: Model, offering: Offering) -> Choice:
    reasoning = "reasoning" in model.capabilities
    return Choice(
        completion=Completion(
            model_id=model.id, model_name=offering.provider_model_name, reasoning=reasoning
        ),
        pricing=offering.pricing,
        estimate=cost(
            offering.pricing,
            input_tokens=PROMPT_TOKENS,
            output_tokens=REASONING_TOKENS if reasoning else PLAIN_TOKENS,
            reasoning=reasoning,
        ),
    )
