import os
import socket

import pytest

from tests.plugins.createtorrent.conftest import AllRoots
from triblerd.errors import InvalidInputError
from triblerd_createtorrent.api import FileError
from triblerd_createtorrent.gathering import gather


def gathered(*paths, walk=True):
    return gather([str(path) for path in paths], walk=walk, roots=AllRoots())


def names(found):
    return [file.path for file in found.files]


def test_the_order_is_that_of_names_component_by_component(files):
    folder = files(dict.fromkeys(("b", "B", "a.c", "a/e", "a-b", "☃", "z"), b"x"))

    assert names(gathered(folder)) == ["B", "a/e", "a-b", "a.c", "b", "z", "\N{SNOWMAN}"]


def test_a_directory_is_taken_as_a_whole_even_with_one_file_deep_in_it(files):
    folder = files({"album/a/b/c": b"x"})

    found = gathered(folder / "album")

    assert (found.name, names(found), found.destination) == ("album", ["a/b/c"], str(folder))


def test_directories_and_files_together_are_below_what_they_share(files):
    folder = files({"one/a": b"12", "two/b": b"345", "c": b""})

    found = gathered(folder / "two", folder / "one", folder / "c")

    assert (found.name, names(found), found.size) == ("files", ["c", "one/a", "two/b"], 5)
    assert names(gathered(folder, folder / "c", folder / "one")) == ["c", "one/a", "two/b"]


def test_links_are_followed_inside_of_a_directory_and_not_out_of_it(files, tmp_path):
    folder = files({"album/a": b"a", "album/sub/b": b"b", "album2/secret": b"s"})
    (tmp_path / "secret").write_bytes(b"s")
    links = {"in": "a", "dir": "sub", "out": tmp_path / "secret", "sibling": "../album2", "gone": "nothing"}
    for name, target in links.items():
        (folder / "album" / name).symlink_to(target)

    found = gathered(folder / "album")

    assert names(found) == ["a", "dir/b", "in", "sub/b"]
    assert [os.fsdecode(file.source) for file in found.files][2] == str(folder / "album/a")


def test_links_that_lead_round_in_a_circle_end(files):
    folder = files({"album/a": b"a", "album/sub/b": b"b"})
    (folder / "album/sub/up").symlink_to("..")
    (folder / "album/self").symlink_to(".")

    assert names(gathered(folder / "album")) == ["a", "sub/b"]


def test_a_link_to_a_directory_gives_its_name(files, tmp_path):
    folder = files({"album/a": b"a", "album/b": b"b"})
    (tmp_path / "alias").symlink_to(folder / "album")

    assert gathered(tmp_path / "alias").name == "alias"
    assert gathered(tmp_path / "alias/a", tmp_path / "alias/b", walk=False).name == "alias"


def test_what_is_no_regular_file_is_left_out_of_a_directory(files):
    folder = files({"a": b"a"})
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))

        assert names(gathered(folder)) == ["a"]


@pytest.mark.parametrize("spelling", ["{0}/./a", "/{0}/a", "{0}//a", "{0}/sub/../a"])
def test_a_path_may_be_spelled_in_many_ways(files, spelling):
    folder = files({"a": b"a", "sub/b": b"b"})

    found = gathered(spelling.format(folder), folder / "a", walk=False)

    assert (found.name, names(found), found.destination) == ("a", [""], str(folder))


def test_dots_are_resolved_after_links_as_the_system_does(files, tmp_path):
    folder = files({"deep/er/a": b"a", "deep/b": b"b"})
    (tmp_path / "link").symlink_to(folder / "deep/er")

    assert gathered(f"{tmp_path}/link/../b", walk=False).destination == str(folder / "deep")


def test_files_that_share_only_the_root_have_no_name_and_no_place(files):
    folder = files({"a": b"a"})

    found = gathered(folder / "a", "/etc/hostname", walk=False)

    assert (found.name, found.destination) == ("unknown", "")


def test_a_name_that_is_not_utf8_is_refused(files):
    folder = files({"a": b"a"})
    (folder / os.fsdecode(b"\xff\xfe")).write_bytes(b"x")

    with pytest.raises(InvalidInputError, match=r"the name b'\\xff\\xfe' is not UTF-8"):
        gathered(folder)


def test_a_directory_without_files_is_refused(files):
    folder = files({"a": b"a"})
    (folder / "empty/er").mkdir(parents=True)

    with pytest.raises(InvalidInputError, match="there is no file in these directories"):
        gathered(folder / "empty")


def test_what_cannot_be_looked_into_is_named():
    with pytest.raises(FileError, match="Path does not exist: /nowhere"):
        gathered("/nowhere")


def test_names_as_long_as_the_system_takes_them_are_kept(files):
    longest = "n" * 255
    folder = files({f"{longest}/{longest}": b"x"})

    assert names(gathered(folder)) == [f"{longest}/{longest}"]
