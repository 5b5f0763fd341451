"""What is asked of an API of each kind, over HTTP and with the package that its users take for it.

The bodies are the smallest that answer something. Sources are the API references and the packages' own
pages:
https://platform.openai.com/docs/api-reference, https://docs.anthropic.com/en/api/messages,
https://ai.google.dev/api and https://docs.cohere.com/reference.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from openmodels.domain.records import Model
from openmodels.domain.vocabulary import Compatibility
from openmodels.web.quoting import Code

MODEL = "{model}"
"""Stands in a path for the provider's own name of the model."""
QUESTION = "Why is the sky blue?"
TEXT = "The sky is blue."
MESSAGES = [{"role": "user", "content": QUESTION}]
AUDIO = "audio.mp3"
"""The file that is sent where a file is; the reader has one of that name."""
ANYTHING_BUT = (
    "embeddings",
    "rerank",
    "image-generation",
    "transcription",
    "moderation",
    "speech",
    "completion",
)
"""What a model that cannot chat is asked for, the most telling first."""


class Sdk(Struct, frozen=True, kw_only=True):
    """The package for one language."""

    imports: str
    """The statement that makes it known."""
    client: str
    """The class of its client."""
    keys: Mapping[str, str]
    """By how the key is sent: the argument that takes it."""
    base: Callable[[str], Mapping[str, Any] | None]
    """The arguments that lead it to a base address; None where it cannot be led there."""


class Call(Struct, frozen=True, kw_only=True):
    """One question to an API."""

    path: str
    """After the base address."""
    body: Mapping[str, Any]
    """What is sent, without the model's name."""
    named: bool = True
    """Whether the body names the model too."""
    file: bool = False
    """Whether a file is sent along, and the body as a form."""
    method: Mapping[str, str] = {}
    """By language: the method of the package's client; nothing where it is better asked over HTTP."""
    shown: Mapping[str, str] = {}
    """By language: what of ``response`` is the answer."""
    arguments: Mapping[str, Any] | None = None
    """What the package's method takes beside the model's name, where that is not the body."""


class Api(Struct, frozen=True, kw_only=True):
    """Everything about one kind of API."""

    calls: Mapping[str, Call]
    """By what is asked for."""
    headers: Mapping[str, str] = {}
    """What every request carries beside the key."""
    key_header: str = ""
    """The header that takes a key as it is, of ``auth_type`` api-key; empty where it goes as a bearer token
    all the same, which is how OpenAI's and Cohere's imitators read it."""
    sdks: Mapping[str, Sdk] = {}
    """By language."""


def _same(argument: str) -> Callable[[str], Mapping[str, Any] | None]:
    return lambda base: {argument: base}


def _without(tail: str, argument: str) -> Callable[[str], Mapping[str, Any] | None]:
    """For a package that appends ``tail`` by itself."""
    return lambda base: {argument: base.removesuffix(tail)} if base.endswith(tail) else None


def _versioned(argument: str, base_name: str, version_name: str) -> Callable[[str], Mapping[str, Any] | None]:
    """For a package that is told the API's version apart."""

    def arguments(base: str) -> Mapping[str, Any] | None:
        host, _, version = base.rpartition("/")
        return (
            {argument: {base_name: host, version_name: version}} if re.fullmatch(r"v\d\w*", version) else None
        )

    return arguments


def _both(text: str) -> Mapping[str, str]:
    return {"python": text, "javascript": text}


_OPENAI = Api(
    calls={
        "chat": Call(
            path="/chat/completions",
            body={"messages": MESSAGES},
            method=_both("chat.completions.create"),
            shown=_both("choices[0].message.content"),
        ),
        "completion": Call(
            path="/completions",
            body={"prompt": "The sky is", "max_tokens": 64},
            method=_both("completions.create"),
            shown=_both("choices[0].text"),
        ),
        "embeddings": Call(
            path="/embeddings",
            body={"input": TEXT},
            method=_both("embeddings.create"),
            shown=_both("data[0].embedding"),
        ),
        "image-generation": Call(
            path="/images/generations",
            body={"prompt": "A blue sky with one cloud"},
            method=_both("images.generate"),
            shown=_both("data[0]"),
        ),
        "transcription": Call(
            path="/audio/transcriptions",
            body={},
            file=True,
            method=_both("audio.transcriptions.create"),
            shown=_both("text"),
            arguments={
                "file": Code(python=f'open("{AUDIO}", "rb")', javascript=f'createReadStream("{AUDIO}")'),
            },
        ),
        "moderation": Call(
            path="/moderations",
            body={"input": TEXT},
            method=_both("moderations.create"),
            shown=_both("results[0]"),
        ),
    },
    sdks={
        "python": Sdk(
            imports="from openai import OpenAI",
            client="OpenAI",
            keys={"bearer": "api_key"},
            base=_same("base_url"),
        ),
        "javascript": Sdk(
            imports='import OpenAI from "openai";',
            client="OpenAI",
            keys={"bearer": "apiKey"},
            base=_same("baseURL"),
        ),
    },
)

_ANTHROPIC = Api(
    calls={
        "chat": Call(
            path="/messages",
            body={"max_tokens": 1024, "messages": MESSAGES},
            method=_both("messages.create"),
            shown=_both("content"),
        ),
    },
    headers={"anthropic-version": "2023-06-01"},
    key_header="x-api-key",
    sdks={
        "python": Sdk(
            imports="from anthropic import Anthropic",
            client="Anthropic",
            keys={"x-api-key": "api_key", "bearer": "auth_token"},
            base=_without("/v1", "base_url"),
        ),
        "javascript": Sdk(
            imports='import Anthropic from "@anthropic-ai/sdk";',
            client="Anthropic",
            keys={"x-api-key": "apiKey", "bearer": "authToken"},
            base=_without("/v1", "baseURL"),
        ),
    },
)

_GOOGLE = Api(
    calls={
        "chat": Call(
            path=f"/models/{MODEL}:generateContent",
            body={"contents": [{"parts": [{"text": QUESTION}]}]},
            named=False,
            method={"python": "models.generate_content", "javascript": "models.generateContent"},
            shown=_both("text"),
            arguments={"contents": QUESTION},
        ),
        "embeddings": Call(
            path=f"/models/{MODEL}:embedContent",
            body={"content": {"parts": [{"text": TEXT}]}},
            named=False,
            method={"python": "models.embed_content", "javascript": "models.embedContent"},
            shown=_both("embeddings"),
            arguments={"contents": TEXT},
        ),
    },
    key_header="x-goog-api-key",
    sdks={
        "python": Sdk(
            imports="from google import genai",
            client="genai.Client",
            keys={"x-goog-api-key": "api_key"},
            base=_versioned("http_options", "base_url", "api_version"),
        ),
        "javascript": Sdk(
            imports='import { GoogleGenAI } from "@google/genai";',
            client="GoogleGenAI",
            keys={"x-goog-api-key": "apiKey"},
            base=_versioned("httpOptions", "baseUrl", "apiVersion"),
        ),
    },
)

_COHERE = Api(
    calls={
        "chat": Call(
            path="/chat",
            body={"messages": MESSAGES},
            method=_both("chat"),
            shown=_both("message.content"),
        ),
        # The package for JavaScript has other names for these fields, so there it is asked over HTTP.
        "embeddings": Call(
            path="/embed",
            body={"texts": [TEXT], "input_type": "search_document", "embedding_types": ["float"]},
            method={"python": "embed"},
            shown={"python": "embeddings.float_"},
        ),
        "rerank": Call(
            path="/rerank",
            body={"query": QUESTION, "documents": [TEXT, "Grass is green."]},
            method=_both("rerank"),
            shown=_both("results"),
        ),
    },
    sdks={
        "python": Sdk(
            imports="import cohere",
            client="cohere.ClientV2",
            keys={"bearer": "api_key"},
            base=_without("/v2", "base_url"),
        ),
        "javascript": Sdk(
            imports='import { CohereClientV2 } from "cohere-ai";',
            client="CohereClientV2",
            keys={"bearer": "token"},
            base=_without("/v2", "environment"),
        ),
    },
)

APIS: Mapping[Compatibility, Api] = {
    "openai": _OPENAI,
    "anthropic": _ANTHROPIC,
    "google": _GOOGLE,
    "cohere": _COHERE,
}
"""By ``compatibility``; of ``custom`` nobody knows."""


def asked_of(model: Model) -> str:
    """What a model is asked for: to chat, unless it can only do something else."""
    if "chat" in model.capabilities:
        return "chat"
    return next((task for task in ANYTHING_BUT if task in model.capabilities), "chat")
