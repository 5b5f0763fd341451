import os
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.registry_files import codes_of, issues_of, mapping, model, provider, valid_registry, write
from openmodels.domain.faults import CODES
from openmodels.errors import RegistryInvalid, RegistryUnreadable
from openmodels.registry.load import load_registry, require_registry


def test_it_loads_a_registry(tmp_path: Path) -> None:
    loaded = load_registry(valid_registry(tmp_path))
    assert loaded.registry is not None
    assert (len(loaded.registry.models), loaded.files, loaded.issues) == (1, 3, ())
    assert require_registry(tmp_path) == loaded.registry


def test_it_sorts_records_by_id_and_offerings_by_provider(tmp_path: Path) -> None:
    valid_registry(tmp_path)
    write(tmp_path, "models/a-model.yaml", model("a-model"))
    # `-` sorts before `.`, so the order of files is not the order of ids.
    write(tmp_path, "models/a.yaml", model("a"))
    write(tmp_path, "providers/zeta.yaml", provider("zeta"))
    write(tmp_path, "mappings/zeta/a.yaml", mapping("a", "zeta"))
    write(tmp_path, "mappings/acme/a-model.yaml", mapping("a-model"))
    write(tmp_path, "mappings/acme/a.yaml", mapping("a"))
    registry = require_registry(tmp_path)
    assert [m.id for m in registry.models] == ["a", "a-model", "acme-one"]
    pairs = [(o.provider_id, o.model_id) for o in registry.offerings]
    assert pairs == [("acme", "a"), ("acme", "a-model"), ("acme", "acme-one"), ("zeta", "a")]


def test_it_keeps_prices_digit_by_digit(tmp_path: Path) -> None:
    valid_registry(tmp_path)
    text = (tmp_path / "mappings/acme/acme-one.yaml").read_text().replace("1,", "0.10,", 1)
    write(tmp_path, "mappings/acme/acme-one.yaml", text)
    price = require_registry(tmp_path).offerings[0].pricing.input_per_million
    assert str(price) == "0.10"
    assert price == Decimal("0.1")


def test_it_brings_timestamps_to_utc(tmp_path: Path) -> None:
    valid_registry(tmp_path)
    source = {"name": "x", "verified_at": "2025-06-01T00:30:00+02:00"}
    write(
        tmp_path,
        "mappings/acme/acme-one.yaml",
        mapping(updated_at="2025-06-01T02:00:00+02:00", source=source),
    )
    offering = require_registry(tmp_path).offerings[0]
    assert offering.updated_at.isoformat() == "2025-06-01T00:00:00+00:00"
    assert offering.source is not None
    assert str(offering.source.verified_at) == "2025-05-31 22:30:00+00:00"


def test_it_tells_the_vendor_by_the_longest_prefix(tmp_path: Path) -> None:
    valid_registry(tmp_path)
    write(tmp_path, "models/acme-pro-x.yaml", model("acme-pro-x"))
    write(tmp_path, "models/acme-own.yaml", model("acme-own", vendor="pro"))
    write(tmp_path, "models/other.yaml", model("other"))
    vendors = [
        {"id": "pro", "name": "Pro", "prefixes": ["acme-pro-"]},
        {"id": "acme", "name": "Acme", "prefixes": ["acme-"]},
    ]
    write(tmp_path, "vendors.yaml", vendors)
    registry = require_registry(tmp_path)
    assert {m.id: m.vendor for m in registry.models} == {
        "acme-one": "acme",
        "acme-own": "pro",
        "acme-pro-x": "pro",
        "other": None,
    }
    assert [v.id for v in registry.vendors] == ["acme", "pro"]


def test_it_ignores_hidden_files_and_what_lies_beside_the_folders(tmp_path: Path) -> None:
    valid_registry(tmp_path)
    for name in (
        "models/.x.yaml",
        "mappings/.example.yaml",
        "mappings/.git/x",
        ".hidden",
        "README.md",
        "schemas/model.schema.json",
        "validate.py",
        "mappings/acme/.y.yaml",
    ):
        write(tmp_path, name, "no: [yaml")
    assert issues_of(tmp_path) == []


@pytest.mark.parametrize("folders", [["models"], ["providers"], ["mappings"]])
def test_it_takes_a_registry_with_nothing_in_it(tmp_path: Path, folders: list[str]) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir()
    assert load_registry(tmp_path).registry is not None


def test_it_says_what_to_type_when_there_is_no_registry(tmp_path: Path) -> None:
    write(tmp_path, "file", "x")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path in (tmp_path, tmp_path / "missing", tmp_path / "file", loop, Path("nul\0")):
        with pytest.raises(RegistryUnreadable, match="openmodels validate path/to/registry") as caught:
            load_registry(path)
        assert "\n" not in str(caught.value)


def test_it_raises_with_every_issue_when_a_registry_is_required(tmp_path: Path) -> None:
    valid_registry(tmp_path)
    write(tmp_path, "models/acme-one.yaml", model(name="", licensing="?"))
    with pytest.raises(RegistryInvalid) as caught:
        require_registry(tmp_path)
    assert [issue.code for issue in caught.value.issues] == ["wrong-length", "bad-format"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("models/x.yml", "wrong-extension"),
        ("models/x.YAML", "wrong-extension"),
        ("models/x.yaml.bak", "wrong-extension"),
        ("models/notes", "wrong-extension"),
        ("models/folder/x.yaml", "misplaced-file"),
        ("mappings/x.yaml", "misplaced-file"),
        ("mappings/acme/deep/x.yaml", "misplaced-file"),
        ("mappings/acme/x.json", "wrong-extension"),
    ],
)
def test_it_says_where_a_stray_file_belongs(tmp_path: Path, name: str, code: str) -> None:
    valid_registry(tmp_path)
    write(tmp_path, name, model())
    (issue,) = issues_of(tmp_path)
    assert issue.code == code
    assert name.startswith(issue.file)
    assert issue.hint
    assert "rename" in issue.hint or "move" in issue.hint


def test_it_refuses_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    write(tmp_path, "models/acme-one.yaml", model())
    write(tmp_path, "mappings", "x")
    assert codes_of(tmp_path) == ["misplaced-file"]


def test_it_never_opens_what_lies_outside_or_is_no_file(tmp_path: Path) -> None:
    root = valid_registry(tmp_path / "registry")
    secret = write(tmp_path, "secret.yaml", "password: hunter2")
    (root / "models/out.yaml").symlink_to(secret)
    (root / "models/up.yaml").symlink_to("../../secret.yaml")
    (root / "models/dead.yaml").symlink_to("nowhere.yaml")
    (root / "models/loop.yaml").symlink_to("loop.yaml")
    (root / "providers/null.yaml").symlink_to("/dev/null")
    (root / "mappings/outside").symlink_to(tmp_path)
    os.mkfifo(root / "models/pipe.yaml")
    issues = issues_of(root)
    assert {issue.code for issue in issues} == {"unsafe-file"}
    assert len(issues) == 7
    assert "hunter2" not in str(issues)


def test_it_follows_links_within_the_registry(tmp_path: Path) -> None:
    valid_registry(tmp_path)
    (tmp_path / "models/acme-one.yaml").rename(tmp_path / "kept.yaml")
    (tmp_path / "models/acme-one.yaml").symlink_to("../kept.yaml")
    link = tmp_path.with_name(f"{tmp_path.name}-link")
    link.symlink_to(tmp_path)
    assert issues_of(link) == []


@pytest.mark.parametrize("becomes", ["nothing", "a link", "a pipe"])
def test_it_says_which_file_could_not_be_read_any_more(tmp_path: Path, becomes: str) -> None:
    valid_registry(tmp_path)
    last = tmp_path / "providers/acme.yaml"

    def replace_last(_done: int, _total: int) -> None:
        last.unlink(missing_ok=True)
        if becomes == "a link":
            last.symlink_to("/etc/hostname")
        if becomes == "a pipe":
            os.mkfifo(last)

    loaded = load_registry(tmp_path, progress=replace_last)
    assert [(issue.file, issue.code) for issue in loaded.issues] == [
        ("providers/acme.yaml", "unreadable-file")
    ]


def test_it_says_file_line_column_and_path(tmp_path: Path) -> None:
    valid_registry(tmp_path)
    text = """\
model_id: acme-one
provider_id: acme
provider_model_name: one
pricing:
  input_per_million: 1
  output_per_million: 2
  reasoning_tokens_per_million: -3
  currency: USD
  tiers:
    - above_tokens: 200
    - above_tokens: 100
      input: 5
available_regions: [us-east-1, mars]
updated_at: "2025-06-01T00:00:00Z"
"""
    write(tmp_path, "mappings/acme/acme-one.yaml", text)
    found = [(i.file, i.line, i.column, i.code, i.path) for i in issues_of(tmp_path)]
    file = "mappings/acme/acme-one.yaml"
    assert found == [
        (file, 1, 1, "missing-key", "created_at"),
        (file, 7, 33, "out-of-range", "pricing.reasoning_tokens_per_million"),
        (file, 12, 7, "unknown-key", "pricing.tiers[1].input"),
        (file, 13, 32, "region-not-offered", "available_regions[1]"),
    ]


def test_it_does_not_repeat_a_fault_in_what_refers_to_it(tmp_path: Path) -> None:
    valid_registry(tmp_path)
    write(tmp_path, "models/acme-one.yaml", "id: acme-one\n\tname: x")
    write(tmp_path, "providers/acme.yaml", provider(regions=["US"]))
    assert codes_of(tmp_path) == ["yaml-tab", "bad-id"]


def test_it_says_nothing_of_a_hole_that_a_refused_value_left(tmp_path: Path) -> None:
    valid_registry(tmp_path)
    write(
        tmp_path, "models/acme-one.yaml", str(model()).replace("128000", ".inf").replace("'Acme One'", "*a")
    )
    assert sorted(codes_of(tmp_path)) == ["bad-number", "yaml-alias"]


def test_it_refuses_a_line_break_at_the_end_of_a_patterned_value(tmp_path: Path) -> None:
    valid_registry(tmp_path)
    write(tmp_path, "models/acme-one.yaml", model(country="us\n"))
    assert codes_of(tmp_path) == ["bad-format"]


@pytest.mark.parametrize("content", ["{id: acme}", "acme", "[acme]", "[[]]", "- id: acme\n- id: [", ""])
def test_it_refuses_vendors_that_are_no_list_of_vendors(tmp_path: Path, content: str) -> None:
    valid_registry(tmp_path)
    write(tmp_path, "models/acme-one.yaml", model(vendor="acme"))
    write(tmp_path, "vendors.yaml", content)
    issues = issues_of(tmp_path)
    assert issues
    assert {issue.file for issue in issues} == {"vendors.yaml"}


def test_it_places_the_issues_of_each_vendor(tmp_path: Path) -> None:
    valid_registry(tmp_path)
    write(tmp_path, "vendors.yaml", "- id: a\n  name: A\n- id: b\n  nme: B\n- id: a\n  name: C\n")
    found = [(i.line, i.column, i.code, i.path) for i in issues_of(tmp_path)]
    assert found == [
        (3, 3, "missing-key", "[1].name"),
        (4, 3, "unknown-key", "[1].nme"),
        (5, 7, "duplicate-id", "[2].id"),
    ]


def test_it_tells_how_far_it_is(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    load_registry(valid_registry(tmp_path), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_it_names_files_whose_names_are_no_text(tmp_path: Path) -> None:
    valid_registry(tmp_path)
    Path(os.fsdecode(bytes(tmp_path) + b"/models/\xff\x1b[31m\n.yaml")).write_text("id: x")
    issues = issues_of(tmp_path)
    assert issues
    assert all(issue.file.isprintable() for issue in issues)
    assert all(issue.file.encode() for issue in issues)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(["models/x.yaml", "providers/x.yaml", "mappings/acme/x.yaml", "vendors.yaml"]),
)
def test_it_loads_or_refuses_any_bytes_in_any_file(content: bytes, name: str) -> None:
    with TemporaryDirectory() as folder:
        root = valid_registry(Path(folder))
        write(root, name, content)
        loaded = load_registry(root)
    assert (loaded.registry is None) == bool(loaded.issues)
    assert {issue.code for issue in loaded.issues} <= CODES.keys()
    assert all(issue.line >= 1 and issue.column >= 1 for issue in loaded.issues)


@settings(deadline=None)
@given(st.text(alphabet="abid:-[]{}'\" \n\t0.#", max_size=120))
def test_it_places_every_issue_within_the_file(content: str) -> None:
    with TemporaryDirectory() as folder:
        root = valid_registry(Path(folder))
        write(root, "models/x.yaml", content)
        issues = issues_of(root)
    lines = content.split("\n")
    for issue in issues:
        assert issue.line <= len(lines) + 1
        assert issue.column <= max(len(lines[issue.line - 1]) if issue.line <= len(lines) else 0, 0) + 2
