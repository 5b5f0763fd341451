"""Settings as flags of a command."""

import typer
from typer.testing import CliRunner

from openmodels.cli.options import with_settings
from openmodels.errors import SettingsError
from openmodels.settings import Settings


def program(*names: str) -> typer.Typer:
    app = typer.Typer()

    @app.command()
    @with_settings(*names)
    def show(word: str, *, settings: Settings) -> None:
        """Show what was read."""
        typer.echo(f"{word} {settings.port} {settings.host}")

    return app


def test_it_takes_a_setting_from_its_flag_before_the_environment() -> None:
    result = CliRunner().invoke(program(), ["hello", "--port", "9001"], env={"PORT": "9002", "HOST": "::1"})
    assert result.output == "hello 9001 ::1\n"


def test_it_takes_a_setting_from_the_environment_before_the_default() -> None:
    result = CliRunner().invoke(program(), ["hello"], env={"PORT": "9002"})
    assert result.output == "hello 9002 127.0.0.1\n"


def test_it_names_the_flag_when_its_value_cannot_be_used() -> None:
    result = CliRunner().invoke(program(), ["hello", "--port", "80000"])
    assert isinstance(result.exception, SettingsError)
    assert str(result.exception) == "--port must be a number from 1 to 65535, not '80000'"


def test_it_offers_only_the_flags_that_the_command_names() -> None:
    result = CliRunner().invoke(program("host"), ["--help"], env={"COLUMNS": "200"})
    assert "--host" in result.output
    assert "--port" not in result.output
