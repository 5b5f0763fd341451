"""A Markdown document as the inside of a page: CommonMark with tables, no HTML of its own, coloured code."""

import re
from collections.abc import Collection, Sequence
from typing import Any, cast

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup, escape
from msgspec import Struct
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from openmodels.web.document_flow import Step, flow_of
from openmodels.web.document_links import follow

RESERVED = ("main", "find", "beside")
"""Ids of the page around a document."""
RAW = "raw"
"""The type of a token that holds HTML of our own."""
LONGEST_CONTENTS = 40
"""With more headings than this, the table of contents leaves out those of the third level."""
_COMMENT = re.compile(r"\s*<!--.*-->\s*", re.DOTALL)
_BREAK = re.compile(r"<br\s*/?>")
_NO_ID = re.compile(r"[^\w\- ]")


class Heading(Struct, frozen=True, kw_only=True):
    """A line of the table of contents."""

    level: int
    """2 or 3."""
    id: str
    text: str


class Rendered(Struct, frozen=True, kw_only=True):
    """A document, ready to be shown."""

    body: Markup
    """All below its title."""
    contents: tuple[Heading, ...]


def render_document(text: str, documents: Collection[str]) -> Rendered:
    """The document without its first heading; links to ``documents``, by name, lead to their pages."""
    markdown = MarkdownIt("commonmark").enable("table")
    renderer = RendererHTML()
    # A method, to its type; but called like any function.
    renderer.rules[RAW] = cast("Any", _raw)
    tokens = _without_title(markdown.parse(text))
    headings = _name_headings(tokens)
    anchors = {token.attrs["id"] for token in tokens if token.type == "heading_open"}
    _shape_tables(tokens)
    for token in tokens:
        if token.children:
            token.children = follow(token.children, documents, anchors)
    # After the links within, which a link must not hold.
    _link_headings(tokens)
    long = len(headings) > LONGEST_CONTENTS
    return Rendered(
        body=Markup(renderer.render(_written(tokens), markdown.options, {})),  # noqa: S704 - it escapes all text
        contents=tuple(heading for heading in headings if heading.level == 2 or not long),
    )


def _without_title(tokens: Sequence[Token]) -> list[Token]:
    """All but the first heading of the first level, which is the page's."""
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h1":
            return [*tokens[:place], *tokens[place + 3 :]]
    return list(tokens)


def _name_headings(tokens: Sequence[Token]) -> list[Heading]:
    """Gives each heading its id, as GitHub does, so that links work in both places; says which there are."""
    taken = dict.fromkeys(RESERVED, 0)
    headings = []
    for place, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        text = _plain(tokens[place + 1])
        slug = _NO_ID.sub("", text.lower()).strip().replace(" ", "-")
        times = taken[slug] = taken.get(slug, -1) + 1
        token.attrSet("id", f"{slug}-{times}" if times else slug)
        level = int(token.tag[1:])
        if level in (2, 3):
            headings.append(Heading(level=level, id=str(token.attrs["id"]), text=text))
    return headings


def _link_headings(tokens: Sequence[Token]) -> None:
    """Makes each heading a link to itself, unless it holds one."""
    for place, token in enumerate(tokens):
        inside = tokens[place + 1].children if token.type == "heading_open" else None
        if inside and not any(child.type == "link_open" for child in inside):
            opening = Token("link_open", "a", 1, attrs={"href": f"#{token.attrs['id']}"})
            tokens[place + 1].children = [opening, *inside, Token("link_close", "a", -1)]


def _shape_tables(tokens: Sequence[Token]) -> None:
    """Gives each table a name, its heads a scope, and its figures a class in place of a style."""
    section, number = "", 0
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            section = _plain(tokens[place + 1])
        elif token.type == "table_open":
            number += 1
            token.meta["label"] = f"Table {number}: {section}" if section else f"Table {number}"
        elif token.type in {"th_open", "td_open"}:
            if "right" in str(token.attrs.pop("style", "")):
                token.attrs["class"] = "number"
            if token.type == "th_open" and tokens[place + 1].content:
                token.attrs["scope"] = "col"
            elif token.type == "th_open":
                # An empty head is none.
                token.tag = tokens[place + 2].tag = "td"


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or ())


def _written(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with those that are not shown as plain Markdown has them as the HTML that they become."""
    done = []
    for token in tokens:
        if token.children:
            token.children = _written(token.children)
        html = _html_of(token)
        done.append(token if html is None else Token(RAW, "", 0, content=html))
    return done


def _html_of(token: Token) -> str | None:
    """None of a token that the renderer knows how to write."""
    match token.type:
        case "fence" | "code_block":
            return _block(token.content, token.info.strip().partition(" ")[0])
        case "table_open":
            label = escape(token.meta["label"])
            return f'<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table>\n'
        case "table_close":
            return "</table></div>\n"
        case "html_block" | "html_inline":
            return _harmless(token.content)
    return None


def _harmless(html: str) -> str:
    """HTML that stands in a document: the break of a line, else text; of a comment, nothing."""
    if _BREAK.fullmatch(html):
        return "<br>"
    return "" if _COMMENT.fullmatch(html) else str(escape(html))


def _raw(tokens: Sequence[Token], place: int, _options: OptionsDict, _env: Any) -> str:
    """The renderer's rule for HTML of our own."""
    return tokens[place].content


def _block(text: str, language: str) -> str:
    """Code, or the figure that it draws."""
    flow = flow_of(text) if language == "mermaid" else None
    return _code(text, language) if flow is None else _flow(flow)


def _code(text: str, language: str) -> str:
    """Code to copy, as ``components.html`` has it, coloured where its language is known."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
        inside = highlight(text, lexer, HtmlFormatter(nowrap=True))
    except ClassNotFound:
        inside = str(escape(text))
    return (
        '<div class="code"><button type="button" class="copy" data-copy hidden><span>Copy</span></button>'
        f'<pre tabindex="0"><code>{inside}</code></pre></div>\n'
    )


def _flow(steps: Sequence[Step]) -> str:
    """A figure's arrows as a list."""
    lines = [
        Markup(
            '<li><b>{}</b> <span aria-hidden="true">{}</span> <span class="hidden">{}</span> <b>{}</b>{}</li>'
        ).format(
            step.before,
            "↔" if step.both else "→",
            "to and from" if step.both else "to",
            step.after,
            Markup(' <span class="muted">{}</span>').format(step.label) if step.label else "",
        )
        for step in steps
    ]
    return f'<ul class="flow">\n{"".join(lines)}</ul>\n'
