"""Copy-ready code: what it asks, of whom, and with which key."""

import ast
from typing import Any

import pytest

from contract.builders import model, offering, provider
from openmodels.web.snippets import snippets, variables_of

NAME = "acme/one@2026"


def codes(
    provider_fields: dict[str, Any] | None = None, *, can: tuple[str, ...] = ("chat",), name: str = NAME
) -> dict[str, str]:
    """By language: the code for a model that can do this, at a provider like that."""
    at = provider("acme", **{"env": ("ACME_KEY",)} | (provider_fields or {}))
    found = snippets(model("one", capabilities=can), at, offering("acme", "one", provider_model_name=name))
    return {snippet.language: snippet.code for snippet in found}


def test_it_asks_openai_and_its_imitators_to_chat() -> None:
    found = codes()
    assert found["curl"] == (
        "curl https://acme.example.com/v1/chat/completions \\\n"
        '  -H "Authorization: Bearer $ACME_KEY" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        "  -d '{\n"
        '    "model": "acme/one@2026",\n'
        '    "messages": [{"role": "user", "content": "Why is the sky blue?"}]\n'
        "  }'"
    )
    assert found["python"] == (
        "import os\n\n"
        "from openai import OpenAI\n\n"
        "client = OpenAI(\n"
        '    base_url="https://acme.example.com/v1",\n'
        '    api_key=os.environ["ACME_KEY"],\n'
        ")\n"
        "response = client.chat.completions.create(\n"
        '    model="acme/one@2026",\n'
        '    messages=[{"role": "user", "content": "Why is the sky blue?"}],\n'
        ")\n"
        "print(response.choices[0].message.content)"
    )
    assert found["javascript"] == (
        'import OpenAI from "openai";\n\n'
        "const client = new OpenAI({\n"
        '  baseURL: "https://acme.example.com/v1",\n'
        "  apiKey: process.env.ACME_KEY,\n"
        "});\n"
        "const response = await client.chat.completions.create({\n"
        '  model: "acme/one@2026",\n'
        '  messages: [{ role: "user", content: "Why is the sky blue?" }],\n'
        "});\n"
        "console.log(response.choices[0].message.content);"
    )


@pytest.mark.parametrize(
    ("can", "path", "method"),
    [
        (("completion",), "/completions", "completions.create"),
        (("embeddings",), "/embeddings", "embeddings.create"),
        (("image-generation",), "/images/generations", "images.generate"),
        (("moderation",), "/moderations", "moderations.create"),
        (("image-generation", "chat"), "/chat/completions", "chat.completions.create"),
        (("reasoning", "code"), "/chat/completions", "chat.completions.create"),
    ],
)
def test_it_asks_a_model_for_what_it_does(can: tuple[str, ...], path: str, method: str) -> None:
    found = codes(can=can)
    assert found["curl"].startswith(f"curl https://acme.example.com/v1{path} ")
    assert f"client.{method}(\n" in found["python"]
    assert f"client.{method}({{\n" in found["javascript"]


def test_it_sends_a_file_to_be_transcribed() -> None:
    found = codes(can=("audio", "transcription"), name="@/etc/passwd")
    assert "-F file=@audio.mp3" in found["curl"]
    assert "--form-string model=@/etc/passwd" in found["curl"]
    assert 'file=open("audio.mp3", "rb")' in found["python"]
    assert 'file: createReadStream("audio.mp3")' in found["javascript"]
    assert set(codes(can=("transcription",), name="é")) == {"python", "javascript"}


@pytest.mark.parametrize("can", [("speech",), ("rerank",)])
def test_where_nobody_knows_how_there_is_no_code(can: tuple[str, ...]) -> None:
    assert codes(can=can) == {}
    assert codes({"compatibility": "anthropic"}, can=("embeddings",)) == {}


def test_it_asks_anthropic_with_its_own_header_and_package() -> None:
    found = codes({"compatibility": "anthropic", "auth_type": "api-key"})
    assert '-H "x-api-key: $ACME_KEY"' in found["curl"]
    assert '-H "anthropic-version: 2023-06-01"' in found["curl"]
    # The package appends /v1 by itself.
    assert 'base_url="https://acme.example.com",' in found["python"]
    assert 'baseURL: "https://acme.example.com",' in found["javascript"]
    assert 'auth_token=os.environ["ACME_KEY"]' in codes({"compatibility": "anthropic"})["python"]


def test_where_a_package_cannot_be_led_to_the_address_it_asks_over_http() -> None:
    found = codes(
        {"compatibility": "anthropic", "auth_type": "api-key", "api_base_url": "https://acme.example.com/v2"}
    )
    assert '"https://acme.example.com/v2/messages",' in found["python"]
    assert (
        'headers={"x-api-key": os.environ["ACME_KEY"], "anthropic-version": "2023-06-01"},' in found["python"]
    )
    assert 'await fetch("https://acme.example.com/v2/messages", {' in found["javascript"]
    assert '"x-api-key": process.env.ACME_KEY,' in found["javascript"]


def test_it_asks_google_by_the_models_address() -> None:
    google = {
        "compatibility": "google",
        "auth_type": "api-key",
        "api_base_url": "https://google.example.com/v1beta",
    }
    found = codes(google, name="tuned/one")
    assert found["curl"].startswith(
        "curl https://google.example.com/v1beta/models/tuned%2Fone:generateContent "
    )
    assert (
        'http_options={"base_url": "https://google.example.com", "api_version": "v1beta"},' in found["python"]
    )
    assert (
        'httpOptions: { baseUrl: "https://google.example.com", apiVersion: "v1beta" },' in found["javascript"]
    )
    assert 'model: "tuned/one",\n  contents: "Why is the sky blue?",' in found["javascript"]
    # The package knows keys only, no access tokens.
    signed_in = codes({**google, "auth_type": "oauth2", "env": ()})
    assert '"Bearer " + os.environ["ACME_ACCESS_TOKEN"]' in signed_in["python"]
    assert signed_in["javascript"].startswith("const response = await fetch(")


def test_it_asks_cohere() -> None:
    cohere = {"compatibility": "cohere", "api_base_url": "https://cohere.example.com/v2"}
    assert 'cohere.ClientV2(\n    base_url="https://cohere.example.com",' in codes(cohere)["python"]
    assert "client.rerank({" in codes(cohere, can=("rerank",))["javascript"]
    embeddings = codes(cohere, can=("embeddings",))
    assert "client.embed(" in embeddings["python"]
    assert 'fetch("https://cohere.example.com/v2/embed"' in embeddings["javascript"]


def test_of_an_api_of_its_own_it_says_what_is_known() -> None:
    own = {"compatibility": "custom", "docs_url": "https://docs.example.com/api"}
    assert codes(own) == {
        "curl": "# This API has paths and fields of its own, which its documentation describes.\n"
        "# https://docs.example.com/api\n"
        '# Its name of this model: "acme/one@2026"\n'
        "curl https://acme.example.com/v1 \\\n"
        '  -H "Authorization: Bearer $ACME_KEY"'
    }
    keyed = codes({**own, "auth_type": "api-key"})["curl"]
    assert "which header takes the key, ACME_KEY." in keyed
    assert keyed.endswith("\ncurl https://acme.example.com/v1")


def test_user_and_password_are_sent_as_basic_authentication() -> None:
    found = codes({"auth_type": "basic", "env": ("ACME_USER", "ACME_PASSWORD")})
    assert '-u "$ACME_USER:$ACME_PASSWORD"' in found["curl"]
    assert 'auth=(os.environ["ACME_USER"], os.environ["ACME_PASSWORD"]),' in found["python"]
    assert (
        'Authorization: "Basic " + btoa(process.env.ACME_USER + ":" + process.env.ACME_PASSWORD)'
        in (found["javascript"])
    )
    together = codes({"auth_type": "basic", "env": ("ACME_LOGIN",)})
    assert '-u "$ACME_LOGIN"' in together["curl"]
    assert 'auth=tuple(os.environ["ACME_LOGIN"].split(":", 1)),' in together["python"]
    ast.parse(together["python"])


def test_a_provider_without_authentication_is_asked_without_a_key() -> None:
    found = codes({"auth_type": "none"})
    assert "Authorization" not in found["curl"]
    assert "import os" not in found["python"]
    # The packages refuse to be made without one.
    assert 'api_key="none"' in found["python"]
    assert 'apiKey: "none"' in found["javascript"]


@pytest.mark.parametrize(
    ("fields", "variables"),
    [
        ({"env": ("FIRST_KEY", "SECOND_KEY")}, ("FIRST_KEY",)),
        ({"env": ()}, ("ACME_API_KEY",)),
        ({"env": ("no variable",)}, ("ACME_API_KEY",)),
        ({"env": (), "id": "01-ai"}, ("PROVIDER_01_AI_API_KEY",)),
        ({"env": (), "auth_type": "oauth2"}, ("ACME_ACCESS_TOKEN",)),
        ({"env": (), "auth_type": "basic"}, ("ACME_USER", "ACME_PASSWORD")),
        ({"auth_type": "none"}, ()),
    ],
)
def test_the_key_is_in_the_variable_that_users_keep_it_in(
    fields: dict[str, Any], variables: tuple[str, ...]
) -> None:
    assert variables_of(provider(**{"provider_id": "acme"} | _renamed(fields))) == variables


def _renamed(fields: dict[str, Any]) -> dict[str, Any]:
    return {"provider_id" if name == "id" else name: value for name, value in fields.items()}


def test_a_variable_that_no_shell_can_expand_is_read_by_another_program() -> None:
    found = codes({"env": ("302AI_API_KEY",)})
    assert "Bearer $(printenv 302AI_API_KEY)" in found["curl"]
    assert 'process.env["302AI_API_KEY"]' in found["javascript"]
