"""A checkout of the public registry, in its own layout, is taken as it is."""

from pathlib import Path

import pytest

from fixtures.registry_files import write
from openmodels.registry.load import require_registry

FILES = {
    "README.md": "# A registry\n",
    "CHANGELOG.md": "# Changes\n\tTabs and: colons\n",
    "validate_registry.py": "print('not ours')\n",
    "check_freshness.py": "print('not ours')\n",
    ".gitignore": "*.pyc\n",
    ".github/workflows/validate.yml": "on: [push]\n",
    "schemas/model.schema.json": "{}\n",
    "models/tiny-tr-1b.yaml": """\
id: tiny-tr-1b
name: Tiny TR 1B
description: Small Turkish model made up for this test. Decoder-only, 1B parameters.
capabilities:
  - chat
  - code-generation
modalities:
  - text
  - code
context_window: 8192
licensing: other
country: tr
benchmarks:
  - benchmark: mmlu
    name: MMLU
    version: "1.0"
    category: knowledge
    score: 61.5
    unit: "%"
    reported_by: vendor
    source_name: Model card
    source_url: https://example.org/card
    published_at: "2025-04-10"
    notes: 5-shot
created_at: "2024-03-15T10:00:00.000Z"
updated_at: "2025-05-30T00:00:00Z"
""",
    "providers/bedrock-like.yaml": """\
id: bedrock-like
name: Bedrock Like
description: A managed service made up for this test, with regions of its own.
api_base_url: https://runtime.us-east-1.example.com
auth_type: bearer
regions:
  - us-east-1
  - eu-west-1
compatibility: openai
created_at: "2024-01-01T00:00:00.000Z"
updated_at: "2026-05-01T00:00:00.000Z"
""",
    "mappings/bedrock-like/tiny-tr-1b.yaml": """\
# A comment
model_id: tiny-tr-1b
provider_id: bedrock-like
provider_model_name: maker/tiny-tr-1.0-b
pricing:
  input_per_million: 15.0
  output_per_million: 75.0
  currency: USD
  cache_write_per_million: 3.75      # with a comment
  reasoning_tokens_per_million: 30.0
  search_grounding_per_query: 0.05
rate_limits:
  requests_per_minute: 50
  tokens_per_minute: 40000

context_window_override: null
available_regions:
  - us-east-1
created_at: "2024-03-15T10:00:00.000Z"
updated_at: "2024-03-15T10:00:00Z"
""",
    "mappings/.example-extended-pricing.yaml": """\
model_id: no-such-model
provider_id: nobody
provider_model_name: x
""",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        write(tmp_path, name, content)
    return tmp_path


def test_it_loads_a_public_checkout_as_it_is(checkout: Path) -> None:
    registry = require_registry(checkout)
    (model,) = registry.models
    (offering,) = registry.offerings
    assert model.vendor is None
    assert model.capabilities == ("chat", "code")
    assert (model.country, model.status, model.aliases) == ("tr", "active", ())
    assert str(model.benchmarks[0].score) == "61.5"
    assert str(offering.pricing.input_per_million) == "15.0"
    assert str(offering.pricing.reasoning_per_million) == "30.0"
    assert str(offering.pricing.search_per_query) == "0.05"
    assert [p.id for p in registry.providers] == ["bedrock-like"]
    assert registry.vendors == ()
