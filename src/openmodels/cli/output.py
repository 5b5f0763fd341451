"""How answers are written: for people, or for programs.

For programs numbers are exact and times are as the API writes them. Whatever a registry's texts hold, nothing
that is written can steer a terminal: what cannot be seen is written as an escape, in JSON and YAML as theirs.
"""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec
import typer
from msgspec import Struct

from openmodels.cli.terminal import survive_any_text
from openmodels.domain.faults import visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Records = Sequence[Struct]
"""What has a line each in CSV."""
_UNSEEN = re.compile(r"[^\x20-\x7e\n]")


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    CSV = "csv"


class Output(Struct, frozen=True, kw_only=True):
    """Where and how answers are written."""

    format: Format = Format.TABLE
    colour: bool = False
    """Whether the terminal shows colours, and the user wants them."""

    @property
    def for_people(self) -> bool:
        """Whether people read it."""
        return self.format is Format.TABLE

    def show(
        self,
        answer: Any,
        *,
        records: Records,
        people: Callable[[], Iterable["RenderableType"]],
        kind: type[Struct] | None = None,
    ) -> None:
        """Write an answer of the client: ``records`` as CSV, ``people()`` for people, else the whole.

        ``kind`` is what the records are, for the head of a CSV that may have none.
        """
        if self.format is Format.TABLE:
            self.print(*people())
        elif self.format is Format.JSON:
            typer.echo(json_text(answer, indented=sys.stdout.isatty()).encode())
        elif self.format is Format.YAML:
            typer.echo(yaml_text(answer).encode(), nl=False)
        else:
            self._write_csv(records, kind)
        sys.stdout.flush()

    def print(self, *items: "RenderableType") -> None:
        """Write what people read: tables fit a terminal; elsewhere they are whole, tabs between the cells."""
        from openmodels.cli.grid import Grid  # noqa: PLC0415 - programs' formats need no rich

        survive_any_text(sys.stdout)
        console = self.console()
        for item in items:
            if isinstance(item, Grid) and not sys.stdout.isatty():
                for line in item.lines():
                    typer.echo(line)
            else:
                console.print(item, soft_wrap=not sys.stdout.isatty(), highlight=False)

    def note(self, text: str) -> None:
        """Say something beside the answer, on standard error, to people."""
        if self.for_people:
            typer.echo(visible(text), err=True)

    def console(self) -> "Console":
        """A console on standard output that reads no markup."""
        from rich.console import Console  # noqa: PLC0415 - as above

        return Console(
            file=sys.stdout,
            color_system="auto" if self.colour else None,
            markup=False,
            emoji=False,
            highlight=False,
        )

    def _write_csv(self, records: Records, kind: type[Struct] | None) -> None:
        from openmodels.cli.flat import csv_lines  # noqa: PLC0415 - few ask for CSV

        for line in csv_lines(records, kind, on_terminal=sys.stdout.isatty()):
            typer.echo(line.encode(), nl=False)


def plain(answer: Any) -> Any:
    """An answer in values that JSON and YAML know, besides decimals; times as the API writes them."""
    return _told(msgspec.to_builtins(answer, builtin_types=(Decimal, datetime, date), str_keys=True))


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _told(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_told(item) for item in value]
    if isinstance(value, datetime):
        return time_text(value)
    return value.isoformat() if isinstance(value, date) else value


def time_text(time: datetime) -> str:
    """A time as the API writes it: in UTC, with milliseconds."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_text(answer: Any, *, indented: bool) -> str:
    """An answer as JSON; what cannot be seen is escaped."""
    written = msgspec.json.Encoder(decimal_format="number").encode(plain(answer))
    if indented:
        written = msgspec.json.format(written, indent=2)
    return _UNSEEN.sub(_json_escape, written.decode())


def _json_escape(found: re.Match[str]) -> str:
    character = found[0]
    if character.isprintable():
        return character
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def yaml_text(answer: Any) -> str:
    """An answer as YAML in plain values; what cannot be seen is escaped."""
    import yaml  # noqa: PLC0415 - few ask for YAML

    class Dumper(yaml.SafeDumper):
        """Writes decimals with all their digits, and lists' items one step in."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
            super().increase_indent(flow, False)

    def write_decimal(dumper: yaml.SafeDumper, number: Decimal) -> yaml.ScalarNode:
        text = format(number, "f")
        kind = "float" if "." in text else "int"
        return dumper.represent_scalar(f"tag:yaml.org,2002:{kind}", text)

    def write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        style = None if text.isprintable() else '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(Decimal, write_decimal)
    Dumper.add_representer(str, write_text)
    # Without this, a text that occurs twice would be an anchor and an alias.
    Dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign]
    written: str = yaml.dump(
        plain(answer), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=sys.maxsize
    )
    return _UNSEEN.sub(_yaml_escape, written)


def _yaml_escape(found: re.Match[str]) -> str:
    """Such characters stand in double quotes only, where YAML takes an escape for them."""
    character = found[0]
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def counted(number: int, what: str, many: str | None = None) -> str:
    """``1 model``, ``2 models``."""
    return f"{number:,} {what if number == 1 else many or what + 's'}"
