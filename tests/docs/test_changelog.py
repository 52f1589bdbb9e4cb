"""Changelog fragments are named and written as their README says."""

import re
from pathlib import Path

import pytest

from tests.docs.paths import DOCS

FOLDER = DOCS / "changelog.d"
FRAGMENTS = sorted(path for path in FOLDER.iterdir() if path.name != "README.md")
NAME = re.compile(r"(\d+|\+[\w-]+)\.(breaking|plugin-api|feature|fix|doc)\.md")


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_names_its_issue_and_its_kind(fragment: Path) -> None:
    assert NAME.fullmatch(fragment.name)


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_is_made_of_sentences(fragment: Path) -> None:
    text = fragment.read_text().strip()

    assert text[0].isupper()
    assert text.endswith(".")


def test_the_kinds_are_explained() -> None:
    kinds = re.findall(r"^\| `([\w-]+)` \|", (FOLDER / "README.md").read_text(), re.MULTILINE)

    assert all(NAME.fullmatch(f"1.{kind}.md") for kind in kinds)
    assert len(kinds) == len(set(kinds)) == NAME.pattern.split("(")[2].count("|") + 1
