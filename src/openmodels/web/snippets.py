"""Copy-ready code that asks one offering something: in curl, Python and JavaScript.

What is copied runs as it is, with the provider's key in an environment variable. Where nobody knows how an
offering is asked, there is no code rather than wrong code.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

from msgspec import Struct

from openmodels.domain.records import ENV_PATTERN, Model, Offering, Provider
from openmodels.domain.vocabulary import Compatibility
from openmodels.web.calls import APIS, AUDIO, MODEL, Api, Call, Sdk, asked_of
from openmodels.web.quoting import (
    JAVASCRIPT,
    JSON,
    PYTHON,
    Code,
    address,
    arguments,
    inline,
    is_printable,
    javascript,
    members,
    python,
    shell,
    shell_variable,
)
from openmodels.web.words import link

TIMEOUT_SECONDS = 60
"""How long the code for Python waits; the others wait as long as they do by themselves."""


class Snippet(Struct, frozen=True, kw_only=True):
    """Code to copy."""

    language: Literal["curl", "python", "javascript"]
    """What it is written in; ``curl`` is for a POSIX shell."""
    label: str
    """The language's name for people."""
    code: str
    """The code, without a line's end after the last line; printable ASCII and line ends."""


class Target(Struct, frozen=True, kw_only=True):
    """An offering as it is asked."""

    api: Api
    call: Call
    base: str
    """The base address, in printable ASCII."""
    name: str
    """The provider's own name of the model."""
    auth: str
    """How the key is sent: ``bearer``, ``basic``, ``none``, or the header that takes it."""
    variables: tuple[str, ...]
    """The environment variables that hold it: one, or for ``basic`` two, the user and the password."""

    @property
    def url(self) -> str:
        """Where the request goes."""
        return self.base + self.call.path.replace(MODEL, quote(self.name, safe="", errors="replace"))

    @property
    def body(self) -> Mapping[str, Any]:
        """What is sent as JSON."""
        return {"model": self.name, **self.call.body} if self.call.named else self.call.body


def snippets(model: Model, provider: Provider, offering: Offering) -> tuple[Snippet, ...]:
    """Code that asks this offering for what the model does; nothing where nobody knows how.

    A provider with an API of its own has curl only, without the path that its documentation gives.
    """
    if not link(provider.api_base_url):
        return ()
    if provider.compatibility == "custom":
        return (Snippet(language="curl", label="curl", code=_own(provider, offering)),)
    target = _target(provider.compatibility, model, provider, offering)
    if target is None:
        return ()
    codes = (
        Snippet(language="curl", label="curl", code=_curl(target)),
        Snippet(language="python", label="Python", code=_python(target)),
        Snippet(language="javascript", label="JavaScript", code=_javascript(target)),
    )
    return tuple(snippet for snippet in codes if snippet.code)


def _target(
    compatibility: Compatibility, model: Model, provider: Provider, offering: Offering
) -> Target | None:
    api = APIS[compatibility]
    call = api.calls.get(asked_of(model))
    if call is None:
        return None
    return Target(
        api=api,
        call=call,
        base=address(provider.api_base_url),
        name=offering.provider_model_name,
        auth=_auth(provider, api),
        variables=variables_of(provider),
    )


def _auth(provider: Provider, api: Api) -> str:
    if provider.auth_type == "oauth2":
        return "bearer"
    return api.key_header or "bearer" if provider.auth_type == "api-key" else provider.auth_type


def variables_of(provider: Provider) -> tuple[str, ...]:
    """The environment variables that hold what a provider wants to see: those that the registry names, else
    one that is named after the provider; none where it wants nothing."""
    if provider.auth_type == "none":
        return ()
    named = tuple(name for name in provider.env if re.fullmatch(ENV_PATTERN, name))
    if named:
        return named[: 2 if provider.auth_type == "basic" else 1]
    own = re.sub(r"[^A-Z0-9]+", "_", provider.id.upper()).strip("_")
    # A shell's variables do not begin with a digit.
    prefix = own if own[:1].isalpha() else f"PROVIDER_{own}"
    if provider.auth_type == "basic":
        return f"{prefix}_USER", f"{prefix}_PASSWORD"
    return (f"{prefix}_{'ACCESS_TOKEN' if provider.auth_type == 'oauth2' else 'API_KEY'}",)


def _own(provider: Provider, offering: Offering) -> str:
    """An API of its own: where it is, what it is told to be, and how one signs in, as far as is known."""
    lines = ["# This API has paths and fields of its own, which its documentation describes."]
    if provider.docs_url and link(provider.docs_url):
        lines.append(f"# {address(provider.docs_url)}")
    lines.append(f"# Its name of this model: {javascript(offering.provider_model_name)}")
    variables, sign_in = variables_of(provider), []
    if provider.auth_type == "api-key":
        lines.append(f"# The documentation also says which header takes the key, {variables[0]}.")
    elif provider.auth_type != "none":
        sign_in = [_curl_key("basic" if provider.auth_type == "basic" else "bearer", variables)]
    return "\n".join([*lines, " \\\n  ".join([f"curl {shell(address(provider.api_base_url))}", *sign_in])])


def _curl(target: Target) -> str:
    parts = [f"curl {shell(target.url)}"]
    if target.auth != "none":
        parts.append(_curl_key(target.auth, target.variables))
    parts += [f'-H "{name}: {value}"' for name, value in target.api.headers.items()]
    if target.call.file:
        # JSON can escape what cannot be seen, and a form cannot.
        if not is_printable(target.name):
            return ""
        # Not -F for the name, which takes one that begins with @ for that of a file.
        parts += [f"-F file=@{AUDIO}", f"--form-string {shell('model=' + target.name)}"]
    else:
        body = f"{{\n{members(target.body, JSON, '    ')}\n  }}"
        # Every line end in it is ours, and what else is not printable is escaped by JSON.
        parts += ['-H "Content-Type: application/json"', "-d '" + body.replace("'", "'\"'\"'") + "'"]
    return " \\\n  ".join(parts)


def _curl_key(auth: str, variables: tuple[str, ...]) -> str:
    value = ":".join(map(shell_variable, variables))
    if auth == "basic":
        return f'-u "{value}"'
    return f'-H "Authorization: Bearer {value}"' if auth == "bearer" else f'-H "{auth}: {value}"'


def _python(target: Target) -> str:
    sdk = _sdk(target, "python")
    if sdk is None:
        return "" if target.call.file else _python_http(target)
    given = {name: target.name if name == "model" else value for name, value in _given(target).items()}
    imports = [*(["import os", ""] if target.variables else []), sdk.imports]
    return "\n".join(
        [
            *imports,
            "",
            f"client = {sdk.client}(",
            arguments(_led(target, sdk), "    "),
            ")",
            f"response = client.{target.call.method['python']}(",
            arguments(given, "    "),
            ")",
            f"print(response.{target.call.shown['python']})",
        ]
    )


def _python_http(target: Target) -> str:
    imports = [*(["import os", ""] if target.variables else []), "import requests"]
    lines = [*imports, "", "response = requests.post(", f"    {python(target.url)},"]
    if target.auth == "basic":
        user, *password = (_variable(name) for name in target.variables)
        pair = f"({user.python}, {password[0].python})" if password else f'tuple({user.python}.split(":", 1))'
        lines.append(f"    auth={pair},")
    headers = _headers(target)
    if headers:
        lines.append(f"    headers={inline(headers, PYTHON)},")
    lines += ["    json={", members(target.body, PYTHON, "        ") + ",", "    },"]
    lines += [f"    timeout={TIMEOUT_SECONDS},", ")", "response.raise_for_status()", "print(response.json())"]
    return "\n".join(lines)


def _javascript(target: Target) -> str:
    sdk = _sdk(target, "javascript")
    if sdk is None:
        return "" if target.call.file else _javascript_http(target)
    files = ['import { createReadStream } from "node:fs";'] if target.call.file else []
    return "\n".join(
        [
            *files,
            sdk.imports,
            "",
            f"const client = new {sdk.client}({{",
            members(_led(target, sdk), JAVASCRIPT, "  ") + ",",
            "});",
            f"const response = await client.{target.call.method['javascript']}({{",
            members(_given(target), JAVASCRIPT, "  ") + ",",
            "});",
            f"console.log(response.{target.call.shown['javascript']});",
        ]
    )


def _javascript_http(target: Target) -> str:
    headers: dict[str, Any] = {"Content-Type": "application/json", **_headers(target)}
    if target.auth == "basic":
        pair = ' + ":" + '.join(_variable(name).javascript for name in target.variables)
        headers["Authorization"] = Code(python="", javascript=f'"Basic " + btoa({pair})')
    return "\n".join(
        [
            f"const response = await fetch({javascript(target.url)}, {{",
            '  method: "POST",',
            "  headers: {",
            members(headers, JAVASCRIPT, "    ") + ",",
            "  },",
            "  body: JSON.stringify({",
            members(target.body, JAVASCRIPT, "    ") + ",",
            "  }),",
            "});",
            "console.log(await response.json());",
        ]
    )


def _headers(target: Target) -> dict[str, Any]:
    """What a request carries beside its body; for ``basic`` authentication each language has its own way."""
    if target.auth in {"basic", "none"}:
        return {**target.api.headers}
    key = _variable(target.variables[0])
    if target.auth == "bearer":
        bearer = Code(python=f'"Bearer " + {key.python}', javascript=f'"Bearer " + {key.javascript}')
        return {"Authorization": bearer, **target.api.headers}
    return {target.auth: key, **target.api.headers}


def _variable(name: str) -> Code:
    """The value of an environment variable."""
    dotted = (
        f"process.env.{name}" if name[0].isalpha() or name[0] == "_" else f"process.env[{javascript(name)}]"
    )
    return Code(python=f"os.environ[{python(name)}]", javascript=dotted)


def _sdk(target: Target, language: str) -> Sdk | None:
    """The package that can ask this; None where HTTP has to do."""
    sdk = target.api.sdks.get(language)
    if sdk is None or language not in target.call.method or sdk.base(target.base) is None:
        return None
    return sdk if target.auth == "none" or target.auth in sdk.keys else None


def _led(target: Target, sdk: Sdk) -> Mapping[str, Any]:
    """What makes the package's client: where to ask, and with which key."""
    if target.auth == "none":
        # The packages refuse to ask without a key.
        key: tuple[str, Any] = next(iter(sdk.keys.values())), "none"
    else:
        key = sdk.keys[target.auth], _variable(target.variables[0])
    return {**(sdk.base(target.base) or {}), key[0]: key[1]}


def _given(target: Target) -> Mapping[str, Any]:
    """What the method of the package's client is given."""
    given = target.call.body if target.call.arguments is None else target.call.arguments
    return {"model": target.name, **given}
