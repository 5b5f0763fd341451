"""``/docs``: the documentation of this version."""

import re
from pathlib import Path
from urllib.parse import urljoin

import pytest

from fixtures.markup import Element, parse
from fixtures.service import Service
from openmodels.web.document_files import GROUPS, read_library
from openmodels.web.document_html import render_document
from openmodels.web.documents import library

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).parents[3] / "docs"
NAMES = sorted(path.stem for path in FOLDER.glob("*.md"))


async def page(service: Service, path: str) -> Element:
    response = await service.get(path, accept="text/html")
    assert response.status_code == 200, response.text
    return parse(response.text)


def shown(text: str, *documents: str) -> Element:
    """What a document's text becomes."""
    return parse(f"<article>{render_document(text, documents).body}</article>")


def test_every_document_has_its_place_in_the_navigation() -> None:
    assert sorted(name for _, names in GROUPS for name in names) == NAMES
    assert sorted(library().documents) == NAMES


async def test_it_lists_every_document_with_what_it_is_about(api: Service) -> None:
    listed = (await page(api, "/docs")).all("section", class_="shelf")
    assert [section.one("h2").text for section in listed] == [*(title for title, _ in GROUPS), "For programs"]
    links = [link["href"] for section in listed[:-1] for link in section.all("a")]
    assert links == [f"/docs/{name}" for name in library().documents]
    assert all(document.summary for document in library().documents.values())


@pytest.mark.parametrize("name", NAMES)
async def test_it_shows_every_document_whole(api: Service, name: str) -> None:
    document = await page(api, f"/docs/{name}")
    (title,) = document.texts("h1")
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert f"# {title}\n" in text.replace("`", "")
    article = document.one("article")
    without_code = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    heads = len(re.findall(r"^##+ ", without_code, re.MULTILINE))
    assert sum(len(article.all(tag)) for tag in ("h2", "h3", "h4")) == heads
    assert "<!--" not in article.text
    assert not [element for element in article.all() if "style" in element]
    regions = [element["aria-label"] for element in article.all("div", role="region")]
    assert len(regions) == len(set(regions)) == len(article.all("table"))


async def test_every_link_of_the_documents_leads_somewhere(api: Service) -> None:
    links = set()
    for name in NAMES:
        at = f"/docs/{name}"
        for link in (await page(api, at)).one("main").all("a"):
            links.add(urljoin(at, link["href"]))
            assert link["href"].startswith(("/", "#")) or "noopener" in link["rel"], link["href"]
    anchors: dict[str, set[str]] = {}
    for path, _, anchor in sorted(link.partition("#") for link in links if link.startswith("/")):
        if path not in anchors:
            anchors[path] = await ids(api, path)
        assert not anchor or anchor in anchors[path], f"{path}#{anchor}"


async def ids(service: Service, path: str) -> set[str]:
    """The ids of what is there, which must be something."""
    response = await service.get(path, accept="text/html")
    assert response.status_code == 200, path
    if not response.headers["content-type"].startswith("text/html"):
        return set()
    return {element["id"] for element in parse(response.text).all() if "id" in element}


async def test_it_leads_from_one_document_to_the_next(api: Service) -> None:
    first, second, *_ = library().documents
    turn = (await page(api, f"/docs/{first}")).one("nav", class_="turn")
    assert [link["href"] for link in turn.all("a")] == [f"/docs/{second}"]
    turn = (await page(api, f"/docs/{second}")).one("nav", class_="turn")
    assert turn.one("a", rel="prev")["href"] == f"/docs/{first}"


async def test_it_marks_the_document_that_is_open(api: Service) -> None:
    document = await page(api, "/docs/telemetry")
    current = document.one("nav", aria_label="Documents").all("a", aria_current="page")
    assert [link["href"] for link in current] == ["/docs/telemetry"]
    assert [crumb.text for crumb in document.one("nav", aria_label="Breadcrumb").all("li")] == [
        "Docs",
        "Telemetry",
    ]


async def test_it_gives_a_document_as_it_was_written(api: Service) -> None:
    response = await api.get("/docs/settings.md")
    assert response.headers["content-type"].startswith("text/markdown")
    written = (FOLDER / "settings.md").read_text(encoding="utf-8")
    assert response.text == written[written.index("# Settings") :]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("telemetri", ""),
        ("Telemetry", "telemetry"),
        ("cost-and-choice", "cost"),
        ("telemetry.html", "telemetry"),
    ],
)
async def test_it_says_which_document_was_probably_meant(api: Service, name: str, meant: str) -> None:
    response = await api.get(f"/docs/{name}", accept="text/html")
    assert response.status_code == 404
    link = parse(response.text).one("p", class_="meant").one("a")
    assert link["href"] == f"/docs/{meant}".rstrip("/")


def test_it_finds_no_documents_in_a_folder_without_any(tmp_path: Path) -> None:
    assert read_library(tmp_path).documents == {}


def test_it_puts_a_document_that_no_group_names_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Another\n\n## First\n\n## Second\n")
    (tmp_path / "quickstart.md").write_text("# Quickstart\n\nRun it:\n\n    make\n")
    found = read_library(tmp_path)
    assert [(group.title, [one.name for one in group.documents]) for group in found.groups] == [
        ("Start", ["quickstart"]),
        ("Reference", ["other"]),
    ]
    assert [document.summary for document in found.documents.values()] == ["Run it.", "First; Second."]


def test_it_lets_no_html_of_a_document_through() -> None:
    article = shown(
        "# T\n\n<script>hostile()</script>\n\na <img src=x onerror=hostile()> b\n\n| a |\n|---|\n| x<br>y |"
    )
    assert article.all("script") == []
    assert article.all("img") == []
    assert "<script>hostile()</script>" in article.text
    assert len(article.all("br")) == 1


def test_it_links_to_no_script() -> None:
    assert shown("[a](javascript:hostile()) [b](data:text/html,x)").all("a") == []


def test_it_leads_links_between_documents_to_their_pages() -> None:
    article = shown(
        "[one](cost.md) [two](cost.md#how) [three](other.md) [Compose](../deploy/compose.yaml) "
        "[deploy](../deploy/)",
        "cost",
    )
    assert [link["href"] for link in article.all("a")] == ["/docs/cost", "/docs/cost#how"]
    assert article.text == "one two three (docs/other.md) Compose (deploy/compose.yaml) deploy"


def test_it_gives_headings_the_anchors_that_github_gives_them() -> None:
    text = "# T\n\n## `GET` the model's [page](cost.md)\n\n## Same\n\n### Same\n\n## main\n\n[down](#same-1)"
    article = shown(text, "cost")
    ids = [element["id"] for element in article.all() if element.tag in {"h2", "h3"}]
    assert ids == ["get-the-models-page", "same", "same-1", "main-1"]
    assert [link["href"] for link in article.all("a")] == [
        "/docs/cost",
        "#same",
        "#same-1",
        "#main-1",
        "#same-1",
    ]


def test_it_names_the_tables_and_their_heads() -> None:
    article = shown("## Limits\n\n| | n |\n|---|--:|\n| a | 1 |\n")
    assert article.one("div", role="region")["aria-label"] == "Table 1: Limits"
    (head,) = article.all("th")
    assert (head["scope"], head["class"], head.text) == ("col", "number", "n")
    assert article.all("td", class_="number")[0].text == "1"


def test_it_reads_a_figure_aloud() -> None:
    article = shown(
        '```mermaid\nflowchart LR\n  a[one] -- "goes<br>to" --> b((two)) <--> c\n  c --> d[(three)]\n```'
    )
    assert article.texts("li") == ["one → to two goes to", "two ↔ to and from c", "c → to three"]


def test_it_shows_a_figure_that_it_cannot_read_as_it_is_written() -> None:
    article = shown("```mermaid\nsequenceDiagram\n  a->>b: hello\n```")
    assert "a->>b: hello" in article.one("pre").text


def test_it_colours_code_and_keeps_its_text() -> None:
    article = shown("```python\nfor x in 'a<b':  # why\n    print(x)\n```\n\n```nothing\na < b\n```")
    first, second = article.all("pre")
    assert first.text == "for x in 'a<b': # why print(x)"
    assert first.all("span", class_="k")
    assert second.text == "a < b"
    assert all("data-copy" in button for button in article.all("button"))
