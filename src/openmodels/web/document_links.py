"""Where the links of a document lead: to other documents' pages, to other hosts, or nowhere on this site."""

import posixpath
from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from markdown_it.token import Token

PAGE = "/docs/"
FOLDER = "docs"
"""Where the documents lie in the repository."""
REL = "noopener noreferrer external"


def follow(tokens: Sequence[Token], documents: Collection[str], anchors: Collection[object]) -> list[Token]:
    """The inline tokens with each link led to its page; one that has none is its text, and the file it means.

    ``documents`` are the names of all documents, ``anchors`` the ids of this one.
    """
    done: list[Token] = []
    dropped: list[tuple[int, str]] = []
    for token in tokens:
        if token.type == "link_open":
            href = str(token.attrs["href"])
            to = target(href, documents, anchors)
            if to is None:
                dropped.append((len(done), posixpath.normpath(posixpath.join(FOLDER, urlsplit(href).path))))
                continue
            token.attrs["href"] = to
            if urlsplit(to).netloc:
                token.attrs["rel"] = REL
            dropped.append((-1, ""))
        elif token.type == "link_close":
            begun, path = dropped.pop()
            if begun >= 0:
                done += _file("".join(inner.content for inner in done[begun:]), path)
                continue
        done.append(token)
    return done


def target(href: str, documents: Collection[str], anchors: Collection[object]) -> str | None:
    """The address that a link leads to on the site; None for a file that is not on it."""
    parts = urlsplit(href)
    if parts.scheme in {"http", "https"} or (href.startswith("/") and not parts.netloc):
        return href
    if not parts.path and not parts.scheme:
        return href if parts.fragment in anchors else None
    name = parts.path.removesuffix(".md")
    if name != parts.path and name in documents:
        return f"{PAGE}{name}#{parts.fragment}" if parts.fragment else PAGE + name
    return None


def _file(text: str, path: str) -> list[Token]:
    """What follows the text of a link to a file of the repository: its path, unless the text says it."""
    if path.endswith(text.strip("/")):
        return []
    return [
        Token("text", "", 0, content=" ("),
        Token("code_inline", "code", 0, content=path),
        Token("text", "", 0, content=")"),
    ]
