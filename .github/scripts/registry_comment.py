"""Writes what the registry's check found as one comment on its pull request, and keeps that one up to date.

It runs with the right to write, on reports that anybody may have made up: it uses nothing but Python's own
library, takes everything in them for text, and finds the pull request by what GitHub itself says of the run.

    registry_comment.py FOLDER

FOLDER holds ``validate.txt`` and ``audit.txt``. The environment has GITHUB_API_URL, GITHUB_REPOSITORY,
GITHUB_TOKEN, CONCLUSION (of the check), and HEAD_OWNER, HEAD_BRANCH and HEAD_SHA (of the pull request).
"""

import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MARKER = "<!-- openmodels: registry -->"
"""How the comment is known again."""
AUTHOR = "github-actions[bot]"
PARTS = (("validate.txt", "Validation"), ("audit.txt", "Audit: what is new with this change"))
MAX_BYTES = 1_000_000
"""The most that is read of a report."""
MAX_CHARACTERS = 25_000
"""The most that is shown of a report: two of them fit into a comment, which takes 65,536."""
MAX_LINE = 500
PAGES = 20
"""How many pages of comments are looked through."""
PAGES_OF_FILES = 30
"""How many pages of a change's files GitHub gives; of one with more files, nobody knows all."""
NO_REPORT = "There is no report of it; what is not valid is not audited. The check's log says more."
WARNING = (
    "**This change touches `.github/`, or more files than can be looked through.** It may have decided "
    "itself what the check did and reported: read its changes to the workflows before believing what follows."
)
"""What a check says may be trusted only as far as the check itself: a pull request runs its own."""
SECONDS = 30


def shown(report: str) -> str:
    """A report as a block of code: in one, nothing is markup, mentions nobody and links nowhere."""
    lines = report.replace("\r\n", "\n").split("\n")
    kept: list[str] = []
    left = MAX_CHARACTERS
    for number, line in enumerate(lines):
        # Whatever else a reader may take for a line's end is none here, and what cannot be seen is not there.
        visible = "".join(c if c.isprintable() else "\ufffd" for c in line[: MAX_LINE + 1])
        cut = visible if len(visible) <= MAX_LINE else visible[:MAX_LINE] + "…"
        left -= len(cut) + 1
        if left < 0:
            kept.append(f"… and {len(lines) - number:,} more lines; the check's log has them all")
            break
        kept.append(cut)
    text = "\n".join(kept).strip("\n")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text or '(nothing)'}\n{fence}"


def body(folder: Path, conclusion: str, *, own_check: bool = False) -> str:
    """The comment, from the reports in ``folder``; ``own_check``: whether the change may have made them."""
    good = conclusion == "success"
    parts = [MARKER, f"### Registry: {'the change is valid' if good else 'the change is not valid'}"]
    if own_check:
        parts.append(WARNING)
    reports = [(title, _read(folder / name)) for name, title in PARTS]
    if any(report is not None for _, report in reports):
        parts += [
            f"**{title}**\n\n{NO_REPORT if report is None else shown(report)}" for title, report in reports
        ]
    else:
        parts.append("The check left no report; its log says why.")
    return "\n\n".join(parts) + "\n"


def _read(path: Path) -> str | None:
    if path.is_symlink() or not path.is_file():
        return None
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES).decode("utf-8", "replace")


class GitHub:
    """The part of GitHub's API that is needed here."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._base = f"{environ['GITHUB_API_URL']}/repos/{environ['GITHUB_REPOSITORY']}"
        self._token = environ["GITHUB_TOKEN"]

    def _ask(self, method: str, path: str, content: Mapping[str, str] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310  # the address is GitHub's own, from the runner
            self._base + path,
            method=method,
            data=None if content is None else json.dumps(content).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  # as above
            return json.load(answer)

    def pulls(self, owner: str, branch: str, sha: str) -> list[int]:
        """The numbers of the open pull requests of that very commit."""
        query = urllib.parse.urlencode({"state": "open", "head": f"{owner}:{branch}", "per_page": "100"})
        found = self._ask("GET", f"/pulls?{query}")
        return [int(pull["number"]) for pull in found if pull["head"]["sha"] == sha]

    def may_have_its_own_check(self, number: int) -> bool:
        """Whether a pull request changes what checks it, as far as GitHub tells."""
        for page in range(1, PAGES_OF_FILES + 1):
            files = self._ask("GET", f"/pulls/{number}/files?per_page=100&page={page}")
            for file in files:
                names = (file["filename"], file.get("previous_filename") or "")
                if any(name.startswith(".github/") for name in names):
                    return True
            if len(files) < 100:
                return False
        return True

    def write(self, number: int, text: str) -> None:
        """Put the comment on a pull request, in place of the one that is there already."""
        known = self._comment_on(number)
        if known is None:
            self._ask("POST", f"/issues/{number}/comments", {"body": text})
        else:
            self._ask("PATCH", f"/issues/comments/{known}", {"body": text})

    def _comment_on(self, number: int) -> int | None:
        for page in range(1, PAGES + 1):
            comments = self._ask("GET", f"/issues/{number}/comments?per_page=100&page={page}")
            for comment in comments:
                # Anybody can write the marker; only ours is ours to change.
                if comment["user"]["login"] == AUTHOR and comment["body"].startswith(MARKER):
                    return int(comment["id"])
            if len(comments) < 100:
                return None
        return None


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Comment on every pull request that the check was for; the exit code."""
    folder, conclusion = Path(arguments[0]), environ["CONCLUSION"]
    github = GitHub(environ)
    try:
        numbers = github.pulls(environ["HEAD_OWNER"], environ["HEAD_BRANCH"], environ["HEAD_SHA"])
        for number in numbers:
            own_check = github.may_have_its_own_check(number)
            github.write(number, body(folder, conclusion, own_check=own_check))
    except urllib.error.URLError as error:
        sys.stderr.write(f"GitHub does not take it: {error.reason}\n")
        return 1
    if not numbers:
        sys.stdout.write("no open pull request is at this commit any more\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
