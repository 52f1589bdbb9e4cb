"""Which release of an index is newer."""

import json

import pytest

from triblerd_versioning.releases import newer_release

FILE = {"filename": "triblerd.whl", "yanked": False}
YANKED = {"filename": "triblerd.whl", "yanked": True}


def newer(releases, *, latest="1.0", allow_pre=False):
    files = {text: releases[text] if isinstance(releases, dict) else [FILE] for text in releases}
    content = json.dumps({"info": {"version": latest, "name": "triblerd"}, "releases": files, "urls": []})
    return newer_release(content.encode(), "1.5", allow_pre=allow_pre)


@pytest.mark.parametrize(
    ("releases", "found"),
    [
        ([], ""),
        (["1.4", "1.5"], ""),
        (["1.6", "1.10", "1.9"], "1.10"),
        (["1.5.post1"], "1.5.post1"),
        (["1.5+local"], "1.5+local"),
        (["2.0rc1", "2.0.dev3", "2.0a1"], ""),
        (["v1.7", "not a version", "", "1.6"], "v1.7"),
        ({"1.8": [], "1.7": [YANKED], "1.6": [YANKED, FILE]}, "1.6"),
    ],
)
def test_the_newest_finished_release_with_a_file_is_found(releases, found):
    assert newer(releases) == found


def test_unfinished_releases_are_found_if_they_are_wanted():
    assert newer(["2.0rc1", "2.0.dev3", "1.9"], allow_pre=True) == "2.0rc1"


def test_an_index_that_names_the_latest_release_alone_is_enough():
    assert newer_release(b'{"info": {"version": "1.6"}}', "1.5", allow_pre=False) == "1.6"
    assert newer_release(b'{"info": {"version": "1.6", "yanked": true}}', "1.5", allow_pre=False) == ""


def test_an_unfinished_version_of_ours_is_older_than_the_finished_one():
    assert newer_release(b'{"info": {"version": "1.5"}}', "1.5.dev0", allow_pre=False) == "1.5"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"<html>", b'{"releases": []}', b'{"info": {"version": 2}}']
)
def test_what_is_no_list_of_releases_is_an_error(content):
    with pytest.raises(ValueError, match=r".+"):
        newer_release(content, "1.5", allow_pre=False)
