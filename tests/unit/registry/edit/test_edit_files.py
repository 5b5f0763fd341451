"""Files of a registry, prepared as a whole and written one by one."""

import itertools
from pathlib import Path

import msgspec
import pytest

from fixtures.registry_files import mapping, valid_registry, write
from openmodels.domain.records import Model, Offering
from openmodels.registry.edit import files
from openmodels.registry.edit.files import FileEdit, RegistryNotWritten, prepare
from openmodels.registry.load import load_registry, require_registry


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    return valid_registry(tmp_path / "registry")


def the_model(registry: Path) -> Model:
    return require_registry(registry).models[0]


def the_offering(registry: Path) -> Offering:
    return require_registry(registry).offerings[0]


def another(model: Model, name: str) -> Model:
    return msgspec.structs.replace(model, id=name)


def test_it_writes_nothing_while_it_prepares(registry: Path) -> None:
    model = the_model(registry)
    before = (registry / "models/acme-one.yaml").read_bytes()
    changes = [
        FileEdit(model, msgspec.structs.replace(model, context_window=5)),
        FileEdit(None, another(model, "b")),
    ]
    assert len(prepare(registry, changes)) == 2
    assert (registry / "models/acme-one.yaml").read_bytes() == before
    assert not (registry / "models/b.yaml").exists()


def test_it_writes_what_was_prepared_and_the_registry_says_it(registry: Path) -> None:
    model, offering = the_model(registry), the_offering(registry)
    two = another(model, "acme-two")
    changes = [
        FileEdit(None, msgspec.structs.replace(offering, model_id="acme-two")),
        FileEdit(None, two),
        FileEdit(offering, None),
    ]
    names = [writing.name for writing in files.write(prepare(registry, changes))]
    assert names == [
        "models/acme-two.yaml",
        "mappings/acme/acme-two.yaml",
        "mappings/acme/acme-one.yaml",
    ]
    after = require_registry(registry)
    assert two in after.models
    assert [o.model_id for o in after.offerings] == ["acme-two"]


def test_a_registry_is_valid_wherever_the_writing_stops(registry: Path) -> None:
    model, offering = the_model(registry), the_offering(registry)
    changes = [FileEdit(offering, None)]
    for name in ("acme-two", "acme-three"):
        changes += [
            FileEdit(None, msgspec.structs.replace(offering, model_id=name)),
            FileEdit(None, another(model, name)),
        ]
    prepared = prepare(registry, changes)
    steps = files.write(prepared)
    for _ in itertools.islice(steps, len(prepared)):
        assert load_registry(registry).issues == ()
    assert next(steps, None) is None


def test_a_folder_in_the_way_stops_the_writing_and_nothing_is_half_written(registry: Path) -> None:
    model = the_model(registry)
    changes = [FileEdit(None, another(model, name)) for name in ("b", "c")]
    prepared = prepare(registry, changes)
    (registry / "models/c.yaml").mkdir()
    with pytest.raises(RegistryNotWritten, match=r"c\.yaml"):
        list(files.write(prepared))
    assert sorted(path.name for path in (registry / "models").iterdir()) == [
        "acme-one.yaml",
        "b.yaml",
        "c.yaml",
    ]


def test_what_changed_on_disk_since_it_was_read_is_not_overwritten(registry: Path) -> None:
    offering = the_offering(registry)
    write(registry, "mappings/acme/acme-one.yaml", mapping(provider_model_name="two"))
    with pytest.raises(RegistryNotWritten, match="changed since"):
        prepare(registry, [FileEdit(offering, msgspec.structs.replace(offering, max_output_tokens=5))])


@pytest.mark.parametrize("name", ["../../evil", "a/b", ".hidden", "UPPER", "a\n", ""])
def test_it_makes_no_path_of_what_is_no_id(registry: Path, name: str) -> None:
    model, offering = the_model(registry), the_offering(registry)
    for record in (
        another(model, name),
        msgspec.structs.replace(offering, model_id=name),
        msgspec.structs.replace(offering, provider_id=name),
    ):
        with pytest.raises(RegistryNotWritten, match="no id"):
            prepare(registry, [FileEdit(None, record)])


def test_it_writes_through_no_link_out_of_the_registry(registry: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    moved = msgspec.structs.replace(the_offering(registry), provider_id="other")
    (registry / "mappings/other").symlink_to(outside, target_is_directory=True)
    with pytest.raises(RegistryNotWritten, match="link"):
        prepare(registry, [FileEdit(None, moved)])
    assert list(outside.iterdir()) == []


def test_it_keeps_the_mode_of_a_file(registry: Path) -> None:
    file, model = registry / "models/acme-one.yaml", the_model(registry)
    file.chmod(0o640)
    list(files.write(prepare(registry, [FileEdit(model, msgspec.structs.replace(model, name="New"))])))
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_file_left_behind_by_a_killed_run_is_no_part_of_the_registry(registry: Path) -> None:
    (registry / "models/.acme-one.yaml.0a1b.tmp").write_text("half a fi")
    assert load_registry(registry).issues == ()


def test_an_edit_made_in_between_is_not_lost(registry: Path) -> None:
    model = the_model(registry)
    file = registry / "models" / f"{model.id}.yaml"
    prepared = prepare(registry, [FileEdit(model, msgspec.structs.replace(model, name="New"))])
    meanwhile = file.read_bytes() + b"# mine\n"
    file.write_bytes(meanwhile)
    with pytest.raises(RegistryNotWritten, match="somebody else"):
        list(files.write(prepared))
    assert file.read_bytes() == meanwhile
    new = prepare(registry, [FileEdit(None, another(model, "acme-new"))])
    (registry / "models" / "acme-new.yaml").write_text("taken")
    with pytest.raises(RegistryNotWritten, match="somebody else"):
        list(files.write(new))


def test_what_was_edited_since_it_was_read_is_not_removed(registry: Path) -> None:
    offering = the_offering(registry)
    changed = msgspec.structs.replace(offering, max_output_tokens=5)
    list(files.write(prepare(registry, [FileEdit(offering, changed)])))
    with pytest.raises(RegistryNotWritten, match="run the same again"):
        prepare(registry, [FileEdit(offering, None)])


def test_one_file_that_no_edit_fits_keeps_no_other_from_being_written(registry: Path) -> None:
    model, offering = the_model(registry), the_offering(registry)
    changes = [
        FileEdit(model, msgspec.structs.replace(model, name="New")),
        FileEdit(offering, msgspec.structs.replace(offering, max_output_tokens=-1)),
    ]
    left_out: list[str] = []
    assert [w.name for w in prepare(registry, changes, left_out)] == [f"models/{model.id}.yaml"]
    assert len(left_out) == 1
    assert "by hand" in left_out[0]


def test_what_a_killed_run_left_behind_is_removed(registry: Path) -> None:
    left = registry / "models" / ".0123456789abcdef.tmp"
    mine = registry / "models" / ".notes.tmp"
    for path in (left, mine):
        path.write_text("x")
    assert files.remove_leftovers(registry) == 1
    assert (left.exists(), mine.exists()) == (False, True)
