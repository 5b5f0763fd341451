"""How long loading and validating a registry takes: ``python bench/validate.py [FILES ...]``.

Each registry is generated in a temporary folder: 1 file in 50 is a provider, 1 in 4 a model, the others are
mappings. Time is that of ``load_registry``, best of three, in a warm page cache and without the interpreter's
start. A second figure is for the same registry with an issue in every file.
"""

import platform
import sys
import tempfile
import time
from pathlib import Path

from openmodels.registry.load import load_registry

STAMPS = 'created_at: "2025-01-01T00:00:00.000Z"\nupdated_at: "2025-06-01T00:00:00.000Z"\n'
MODEL = """\
id: model-{n}
name: Model {n}
description: A model that exists to be measured, with a description as long as they usually are in a registry.
capabilities:
  - chat
  - function-calling
  - code-generation
modalities:
  - text
  - image
context_window: 128000
max_output_tokens: 8192
licensing: apache-2.0
release_date: 2025-03-14
open_weights: true
aliases: [model-{n}-latest]
"""
PROVIDER = """\
id: provider-{n}
name: Provider {n}
description: A provider that exists to be measured.
api_base_url: https://api-{n}.example.com/v1
auth_type: bearer
regions: [us-east-1, eu-west-1]
compatibility: openai
"""
MAPPING = """\
model_id: model-{m}
provider_id: provider-{p}
provider_model_name: vendor/model-{m}
pricing:
  input_per_million: 0.15
  output_per_million: 0.6
  cache_read_per_million: 0.075
  currency: USD
  tiers:
    - above_tokens: 200000
      input_per_million: 0.3
      output_per_million: 1.2
rate_limits:
  requests_per_minute: 600
  tokens_per_minute: 1000000
context_window_override: null
available_regions:
  - us-east-1
  - eu-west-1
source:
  name: Provider {p}
  url: https://provider-{p}.example.com/pricing
"""


def generate(root: Path, files: int) -> None:
    """Write a valid registry of ``files`` files."""
    providers, models = max(files // 50, 1), max(files // 4, 1)
    pairs = [(p, m) for m in range(models) for p in range(providers)]
    for folder in ("models", "providers"):
        (root / folder).mkdir(parents=True)
    for n in range(providers):
        (root / f"providers/provider-{n}.yaml").write_text(PROVIDER.format(n=n) + STAMPS)
        (root / f"mappings/provider-{n}").mkdir(parents=True)
    for n in range(models):
        (root / f"models/model-{n}.yaml").write_text(MODEL.format(n=n) + STAMPS)
    for p, m in pairs[: files - providers - models]:
        (root / f"mappings/provider-{p}/model-{m}.yaml").write_text(MAPPING.format(p=p, m=m) + STAMPS)


def spoil(root: Path) -> None:
    """Add an unknown key to every file."""
    for file in root.rglob("*.yaml"):
        file.write_text(file.read_text() + "licencing: mit\n")


def measure(root: Path) -> tuple[float, int, int]:
    """The best of three: seconds, files, issues."""
    best, files, issues = float("inf"), 0, 0
    for _ in range(3):
        start = time.perf_counter()
        loaded = load_registry(root)
        best = min(best, time.perf_counter() - start)
        files, issues = loaded.files, len(loaded.issues)
    return best, files, issues


def main() -> None:
    """Measure each size that the command line names."""
    print(f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}")
    for size in [int(argument) for argument in sys.argv[1:]] or [400, 10_000]:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            generate(root, size)
            for state in ("valid", "an issue in every file"):
                seconds, files, issues = measure(root)
                print(f"{files:6} files, {state}: {seconds:.3f} s, {issues} issues")
                spoil(root)


if __name__ == "__main__":
    main()
