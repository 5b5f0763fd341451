"""From a reading and the present registry to a plan, once. Pure: nothing is read or written here."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from openmodels.domain.naming import Resolver
from openmodels.domain.observation import Reading, Subject
from openmodels.domain.records import Model, Offering, Provider, Registry
from openmodels.registry.reconcile import models as of_models
from openmodels.registry.reconcile import offerings as of_offerings
from openmodels.registry.reconcile import providers as of_providers
from openmodels.registry.reconcile.accepted import accept_recorded
from openmodels.registry.reconcile.consensus import consensus
from openmodels.registry.reconcile.merge import Merged, Speaker, accepts, is_only_from, item_of, merge
from openmodels.registry.reconcile.moves import leap_of
from openmodels.registry.reconcile.offerings import Key
from openmodels.registry.reconcile.plan import Doubt, Kind, LeftOut, Options, Plan, Variant
from openmodels.registry.reconcile.propose import Proposals, propose
from openmodels.registry.reconcile.stamps import claimed, timed
from openmodels.registry.reconcile.sums import disagreements_of, record_changes
from openmodels.registry.reconcile.told import (
    Listing,
    Sieve,
    by_subject,
    listings_of,
    spoken_of,
    unusable_by_subject,
)
from openmodels.registry.reconcile.variants import told_apart

LEAST_WITNESSES = 2
"""How many providers must agree on a fact of a model that the source does not describe itself."""

Excluded = Mapping[tuple[Kind, str, str], str]


class Run:
    """One attempt at a plan."""

    def __init__(
        self,
        reading: Reading,
        registry: Registry,
        options: Options,
        now: datetime,
        excluded: Excluded,
        *,
        repeats: bool = False,
    ) -> None:
        """``repeats`` says that ``registry`` is what another attempt at the same import made of it."""
        self._reading = reading
        self._registry = registry
        self._options = options
        self._now = now.replace(microsecond=0)
        self._sieve = Sieve(excluded)
        self._told = by_subject(reading)
        self._unusable = unusable_by_subject(reading)
        self._speaker = Speaker(
            source=reading.source,
            name=reading.source_name,
            url=reading.source_url,
            version=reading.source_version,
            observed_at=reading.observed_at.replace(microsecond=0),
            repeats=repeats,
        )
        self._vendors = of_models.Vendors(registry.vendors, reading.source)
        self._models = {model.id: model for model in registry.models}
        self._providers = {provider.id: provider for provider in registry.providers}
        self._offerings = {(o.provider_id, o.model_id): o for o in registry.offerings}
        self._doubts: list[Doubt] = []
        self._variants: list[Variant] = []
        self._unlisted: list[str] = []
        self._notes: list[str] = list(reading.notes)
        self._outdated = 0
        # Ids that were tried as new models already.
        self._refused: set[str] = set()
        # Records that the source spoke of and that stayed as they were.
        self._agreed: set[tuple[Kind, str]] = set()

    def plan(self) -> Plan:
        """The plan."""
        matched = self._match_models()
        providers = of_providers.match(self._told, self._reading.source, self._options.provider)
        listings = listings_of(self._told, self._unusable, providers)
        self._providers.update(self._new_providers(providers, listings))
        listings = [listing for listing in listings if listing.provider in self._providers]
        groups = self._sorted(listings, matched)
        if self._options.provider is None:
            self._merge_models(matched, groups)
        self._merge_offerings(groups)
        self._remove(groups, {listing.provider for listing in listings})
        self._merge_providers(providers)
        outcome = self._outcome()
        outcome = accept_recorded(outcome, self._options, self._speaker.source, self._now)
        changes = record_changes(self._registry, outcome)
        if self._outdated:
            why = "a newer version of the source has spoken of them already"
            self._notes.append(f"{self._outdated:,} records stayed: {why}")
        return Plan(
            source=self._reading.source,
            version=self._reading.source_version,
            changes=changes,
            outcome=outcome,
            agreed=tuple(sorted(self._agreed)),
            disagreements=disagreements_of(outcome, self._reading.source),
            review=tuple(self._doubts),
            variants=tuple(self._variants),
            left_out=tuple(self._sieve.left_out.values()),
            unlisted=tuple(sorted(self._unlisted)),
            notes=tuple(self._notes),
        )

    # Models

    def _match_models(self) -> of_models.Matched:
        names = {s.name: told for s, told in self._told.items() if s.kind == "model"}
        matched = self._matched(names)
        # What is new can be what another name means, so that a second import would read it otherwise.
        while self._options.provider is None and self._add_models(matched, names):
            matched = self._matched(names)
        self._doubts += matched.doubts
        for name, ours in matched.ours.items():
            if matched.main[ours] != name:
                self._variants.append(Variant(provider="", model=ours, name=name, taken=matched.main[ours]))
        return matched

    def _matched(self, names: Mapping[str, Mapping[str, Any]]) -> of_models.Matched:
        present = tuple(self._models.values())
        return of_models.match(names, present, Resolver(present, self._registry.vendors))

    def _add_models(self, matched: of_models.Matched, names: Mapping[str, Mapping[str, Any]]) -> bool:
        added = False
        for ours, name in matched.new.items():
            model = None if ours in self._refused else self._new_model(ours, name, names[name])
            if model is not None:
                self._models[ours] = model
                added = True
        return added

    def _new_model(self, model_id: str, name: str, told: Mapping[str, Any]) -> Model | None:
        self._refused.add(model_id)
        if not self._sieve.admits("model", model_id):
            return None
        vendor = self._vendors.of(model_id, [name])
        values = self._sieve.values("model", model_id, Model, told, of_models.FIELDS)
        why = "nobody knows who makes it: add its vendor, with a prefix, to vendors.yaml"
        if vendor is not None:
            model = of_models.new_model(model_id, values, vendor, self._now)
            if model is not None:
                return model
            why = "the source does not say its name, what it does, or what goes in and out"
        title = values.get("name")
        self._doubts.append(Doubt(kind="model", provider="", name=name, title=title, reason=why))
        return None

    def _merge_models(self, matched: of_models.Matched, groups: Mapping[Key, Sequence[Listing]]) -> None:
        """What the source says of a model itself; of one that it does not describe, blanks at the most."""
        listed: dict[str, list[Listing]] = {}
        for (_, model_id), listings in groups.items():
            listed.setdefault(model_id, []).extend(listings)
        present = {model.id: model for model in self._registry.models}
        for model_id in sorted(self._models):
            name, before = matched.main.get(model_id), present.get(model_id)
            if not self._sieve.admits("model", model_id):
                continue
            if name is not None:
                told = dict(self._told[Subject("model", name=name)])
            else:
                told = self._consensus(self._models[model_id], listed.get(model_id, ()))
            self._vendors.check(told, self._models[model_id] if before is None else None)
            values = self._sieve.values("model", model_id, Model, told, of_models.FIELDS)
            if before is not None and name is not None:
                self._merge_model(before, values, Subject("model", name=name))
            elif before is not None:
                self._fill_model(before, values)
            else:
                record = claimed(self._models[model_id], values, self._speaker)
                self._models[model_id] = of_models.described(record, None, self._vendors.by_id)

    def _consensus(self, model: Model, listings: Sequence[Listing]) -> dict[str, Any]:
        item = item_of(model, self._speaker.source)
        is_new = all(model.id != present.id for present in self._registry.models)
        told = consensus(listings, 1 if is_new or (item and "name" in item.fields) else LEAST_WITNESSES)
        return {"name": model.name, **told} if is_new else told

    def _fill_model(self, before: Model, told: dict[str, Any]) -> None:
        """What most providers say fills blanks; everything else stays as it is."""
        merged = of_models.filled(before, told, self._speaker)
        if merged is None:
            return
        if merged.outdated:
            self._outdated += 1
            return
        record = of_models.described(merged.record, before, self._vendors.by_id)
        self._settle("model", before.id, before, record, merged)
        self._models[before.id] = timed(record, before, self._now)

    def _keeps(self, kind: Kind, name: str, unusable: Collection[str]) -> Callable[[str], bool]:
        """Which fields keep their values, as nobody can use what the source says of them."""
        return spoken_of({*unusable, *self._sieve.refused(kind, name)})

    def _merge_model(self, before: Model, told: dict[str, Any], subject: Subject) -> None:
        takes = self._takes(before.id)
        item = item_of(before, self._speaker.source)
        values = of_models.comparable(before, told, self._speaker, taken=takes("modalities"))
        if not values and item is None:
            return
        keeps = self._keeps("model", before.id, self._unusable.get(subject, ()))
        merged = merge(before, values, self._speaker, takes, keeps=keeps)
        if merged.outdated:
            self._outdated += 1
            return
        record = of_models.described(merged.record, before, self._vendors.by_id)
        self._settle("model", before.id, before, record, merged)
        self._models[before.id] = timed(record, before, self._now)

    def _takes(self, name: str) -> Callable[[str], bool]:
        return lambda field: accepts(self._options, self._speaker.source, name, field)

    # Providers

    def _new_providers(
        self, providers: Mapping[str, Sequence[str]], listings: Sequence[Listing]
    ) -> dict[str, Provider]:
        counts: dict[str, int] = {}
        for listing in listings:
            counts[listing.provider] = counts.get(listing.provider, 0) + 1
        new = {}
        for ours, names in providers.items():
            if ours in self._providers or not self._sieve.admits("provider", ours):
                continue
            told = of_providers.keys_only(self._told.get(Subject("provider", provider=names[0]), {}))
            values = self._sieve.values("provider", ours, Provider, told, of_providers.FIELDS)
            provider = of_providers.new_provider(ours, values, self._now)
            if provider is not None:
                new[ours] = provider
            elif counts.get(ours):
                why = f"no https address is known, so its {counts[ours]:,} models are left out"
                key: tuple[Kind, str, str] = ("provider", ours, "api_base_url")
                self._sieve.left_out[key] = LeftOut(kind="provider", id=ours, field="api_base_url", why=why)
        return new

    def _merge_providers(self, providers: Mapping[str, Sequence[str]]) -> None:
        serving = {provider for provider, _ in self._offerings}
        served: dict[str, list[Model]] = {}
        for key in self._offerings:
            served.setdefault(key[0], []).append(self._models[key[1]])
        present = {p.id: p for p in self._registry.providers}
        for ours, names in providers.items():
            record, before = self._providers.get(ours), present.get(ours)
            if record is None:
                continue
            if before is None and ours not in serving:
                del self._providers[ours]
                continue
            told = of_providers.keys_only(self._told.get(Subject("provider", provider=names[0]), {}))
            if not told:
                continue
            values = self._sieve.values("provider", ours, Provider, told, of_providers.FIELDS)
            if before is not None:
                mine = item_of(before, self._speaker.source)
                kept = mine.fields if mine else ()
                values = {f: v for f, v in values.items() if f not in of_providers.PRESENTATION or f in kept}
                unusable = {*self._unusable.get(Subject("provider", provider=names[0]), ())}
                keeps = self._keeps("provider", ours, {*unusable, "env"})
                merged = merge(record, values, self._speaker, self._takes(ours), keeps=keeps)
                self._settle("provider", ours, before, merged.record, merged)
                self._providers[ours] = timed(merged.record, before, self._now)
            else:
                # The shape of its API is a guess of ours where the source is silent, and not curated.
                values = {**values, "compatibility": record.compatibility}
                record = claimed(record, values, self._speaker)
                record = of_providers.described(record, served.get(ours, ()), self._vendors.by_id)
                self._providers[ours] = record

    # Offerings

    def _sorted(self, listings: Sequence[Listing], matched: of_models.Matched) -> dict[Key, list[Listing]]:
        ours = {name: model_id for name, model_id in matched.ours.items() if model_id in self._models}
        resolver = Resolver(self._models.values(), self._registry.vendors)
        present = self._registry.offerings
        found = of_offerings.sort(listings, present, resolver, ours)
        refused: list[tuple[Listing, str]] = []
        if self._options.propose is not None and self._options.provider is None:
            proposals = self._propose([listing for listing, _ in found.unknown], resolver)
            refused = proposals.refused
            self._models.update({model.id: model for model in proposals.accepted})
            resolver = Resolver(self._models.values(), self._registry.vendors)
            found = of_offerings.sort(listings, present, resolver, ours)
            # A proposal that the resolver does not find again would be another one the next time.
            for lost in {model.id for model in proposals.accepted} - {name for _, name in found.groups}:
                del self._models[lost]
        self._doubts += found.doubts
        why = {(listing.provider, listing.name): reason for listing, reason in refused}
        for listing, resolution in found.unknown:
            reason = why.get((listing.provider, listing.name), "nothing knows this name")
            self._doubts.append(of_offerings.doubt_of(listing, reason, resolution))
        return {key: group for key, group in found.groups.items() if key[1] in self._models}

    def _propose(self, unknown: Sequence[Listing], resolver: Resolver) -> Proposals:
        known = {name for m in self._models.values() for name in (m.id, *m.aliases)}
        least = self._options.propose
        return propose(unknown, least, resolver, known, self._vendors, self._sieve, self._now)

    def _merge_offerings(self, groups: Mapping[Key, Sequence[Listing]]) -> None:
        for key in sorted(groups):
            before, model = self._offerings.get(key), self._models[key[1]]
            name = "/".join(key)
            if not self._sieve.admits("offering", name):
                continue
            present = before.provider_model_name if before else None
            taken, others = told_apart(groups[key], model, present)
            self._variants += others
            if taken is not None:
                self._merge_offering(key, name, before, taken)
            elif before is not None:
                self._set_apart(key, name, before, groups[key])

    def _set_apart(self, key: Key, name: str, before: Offering, others: Sequence[Listing]) -> None:
        """The source lists other products of the model only, so it says nothing of ours."""
        said = [self._told_of(name, before, listing) for listing in others]
        record = of_offerings.without_source(before, said, self._speaker)
        if record is not None:
            self._offerings[key] = timed(record, before, self._now)
        elif item_of(before, self._speaker.source) is not None:
            self._unlisted.append(name)

    def _told_of(self, name: str, offering: Offering, listing: Listing) -> dict[str, Any]:
        """What a listing says of an offering, as the record holds it."""
        said = {"provider_model_name": listing.name, **listing.values}
        told = self._sieve.values("offering", name, Offering, said, of_offerings.FIELDS)
        limits = self._sieve.values("offering", name, Model, said, ("context_window", "max_output_tokens"))
        of_offerings.with_limits(told, limits, offering, self._models[offering.model_id], self._speaker)
        return told

    def _merge_offering(self, key: Key, name: str, before: Offering | None, taken: Listing) -> None:
        provider = self._providers[key[0]]
        offering = before or of_offerings.new_offering(key, taken.name, provider, self._now)
        told = self._told_of(name, offering, taken)
        if "provider_model_name" not in told:
            return
        unusable = taken.unusable
        if not of_offerings.same_currency(told, offering, self._speaker.source):
            unusable |= {"pricing"}
        takes = self._takes(name) if before else (lambda _: True)
        merged = merge(
            offering,
            told,
            self._speaker,
            takes,
            fills=lambda field: of_offerings.may_fill(field, told, offering, self._speaker.source),
            always_noted=True,
            keeps=self._keeps("offering", name, unusable),
        )
        if merged.outdated:
            self._outdated += 1
            return
        leap = leap_of(before, merged.record) if before and not self._options.force else None
        if leap is not None:
            self._sieve.left_out["offering", name, leap.field] = leap
            return
        if before is None:
            merged = msgspec.structs.replace(merged, record=claimed(merged.record, told, self._speaker))
        record = of_offerings.sourced(merged, before, self._speaker)
        self._settle("offering", name, before, record, merged)
        self._offerings[key] = record if before is None else timed(record, before, self._now)

    def _remove(self, groups: Mapping[Key, Sequence[Listing]], heard: set[str]) -> None:
        """Offerings that only this source knew, and that it lists no longer, go."""
        for key, offering in list(self._offerings.items()):
            if key in groups or self._options.provider not in (None, key[0]):
                continue
            if self._reading.source == "openai-compatible" and key[0] not in heard:
                continue
            if not of_offerings.is_unlisted(offering, self._speaker):
                continue
            if is_only_from(offering, self._speaker.source):
                del self._offerings[key]
            else:
                self._unlisted.append("/".join(key))

    # Together

    def _settle(self, kind: Kind, name: str, before: Any, record: Any, merged: Merged[Any]) -> None:
        if before is not None and record == before and not merged.differs:
            self._agreed.add((kind, name))

    def _outcome(self) -> Registry:
        return Registry(
            models=tuple(self._models[key] for key in sorted(self._models)),
            providers=tuple(self._providers[key] for key in sorted(self._providers)),
            offerings=tuple(self._offerings[key] for key in sorted(self._offerings)),
            vendors=self._registry.vendors,
        )
