"""Links in the pages lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.docs.examples import all_pages
from tests.docs.paths import DOCS, ROOT

LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_tree_lead_somewhere(page: Path) -> None:
    local = [link for link in LINK.findall(page.read_text()) if "://" not in link]

    assert [link for link in local if not (page.parent / link.partition("#")[0]).exists()] == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached = {ROOT / "README.md"}
    waiting = list(reached)
    while waiting:
        page = waiting.pop()
        for link in LINK.findall(page.read_text()):
            target = (page.parent / link).resolve()
            if target.suffix == ".md" and target.exists() and target not in reached:
                reached.add(target)
                waiting.append(target)

    assert sorted(page for page in DOCS.rglob("*.md") if page not in reached and not is_fragment(page)) == []


def is_fragment(page: Path) -> bool:
    return page.parent.name == "changelog.d"
