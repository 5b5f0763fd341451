"""The documentation site: the Markdown files of ``docs/`` as pages, and as they are."""

import asyncio
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from openmodels.api.endpoint import Ask
from openmodels.edge.exchange import Freshness
from openmodels.errors import NotFound
from openmodels.web.document_files import Document, Library, read_library
from openmodels.web.page import Crumb, Html, Page, Text

if TYPE_CHECKING:
    from openmodels.web.document_html import Rendered

PATH = "/docs"
MARKDOWN = ".md"
DESCRIPTION = (
    "How to run OpenModels, ask it, add to its registry and look after it: the guides and the reference that "
    "belong to this version."
)


@cache
def library() -> Library:
    """The documents of this program, read at first use and kept, since they cannot change while it runs."""
    return read_library()


async def documents_page(_ask: Ask) -> Html:
    """What there is to read, in groups."""
    return Html(
        template="documents.html",
        title="Documentation",
        description=DESCRIPTION,
        canonical=PATH,
        context={"groups": library().groups, "current": ""},
    )


async def document_page(ask: Ask) -> Html | Text:
    """One document as a page; under its name with ``.md``, as it was written. Raises ``NotFound``."""
    name = ask.ids["document_id"]
    found = library()
    document = found.documents.get(name.removesuffix(MARKDOWN))
    if document is None:
        raise NotFound(f"There is no document {name[:100]!r}", meant=_near(name, found))
    if name.endswith(MARKDOWN):
        return Text(body=document.text, media_type="text/markdown")
    # In a thread, since the longest takes a twentieth of a second at first.
    rendered = await asyncio.to_thread(_rendered, document.name)
    before, after = found.beside(document.name)
    return Html(
        template="document.html",
        title=document.title,
        description=document.summary or document.title,
        canonical=f"{PATH}/{document.name}",
        crumbs=(Crumb("Docs", PATH),),
        structured=(_article(document, ask.services.address),),
        context={
            "groups": found.groups,
            "current": document.name,
            "document": document,
            "rendered": rendered,
            "before": before,
            "after": after,
        },
    )


@cache
def _rendered(name: str) -> "Rendered":
    # Here, since what reads Markdown and colours code takes time to load, for which no start should wait.
    from openmodels.web.document_html import render_document  # noqa: PLC0415

    found = library()
    return render_document(found.documents[name].text, frozenset(found.documents))


def _near(name: str, found: Library) -> str:
    """The document that was probably meant, by its path."""
    wanted = name.lower().removesuffix(MARKDOWN).strip("-_. ")
    near = [known for known in found.documents if wanted and (known in wanted or wanted in known)]
    return f"{PATH}/{near[0]}" if near else PATH


def _article(document: Document, address: str) -> Mapping[str, Any]:
    """The document for search engines: https://schema.org/TechArticle."""
    return {
        "@type": "TechArticle",
        "headline": document.title,
        "description": document.summary,
        "url": f"{address}{PATH}/{document.name}",
        "isPartOf": {"@type": "WebSite", "name": "OpenModels", "url": f"{address}/"},
    }


PAGES = (
    Page(path=PATH, handle=documents_page, freshness=Freshness.PROGRAM, section=PATH),
    Page(
        path=f"{PATH}/{{document_id}}",
        handle=document_page,
        freshness=Freshness.PROGRAM,
        section=PATH,
    ),
)
