"""Windows over a tree that opens and closes, against a plain recursive listing."""

import re
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from triblerd_downloads.tree.table import DIRECTORY, BadTableError, FileTable
from triblerd_downloads.tree.view import TreeView
from triblerd_libtorrent.api import Infohash, Metainfo, TorrentFile

NAMES = st.sampled_from(["a", "b", "a1", "a01", "a2", "a10", "10", "9", "x1y2", "x1y10", "\u00e9", "B", " ", "1a"])
PATHS = st.lists(st.lists(NAMES, min_size=1, max_size=4).map("/".join), min_size=1, max_size=25, unique=True)

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def metainfo(paths, sizes=()):
    """Return a torrent of these files; every fifth is a pad file."""
    files = tuple(
        TorrentFile(index=index, path=f"top/{path}", size=size, is_pad=index % 5 == 4)
        for index, (path, size) in enumerate(zip(paths, sizes or [index for index, _ in enumerate(paths)], strict=True))
    )
    return Metainfo(
        raw=b"",
        infohash=Infohash("a" * 40),
        infohash_v1="a" * 40,
        infohash_v2="",
        name="top",
        size=sum(file.size for file in files),
        piece_length=16,
        total_pieces=0,
        files=files,
        is_multi_file=True,
        is_private=False,
    )


def without_clashes(paths):
    """Leave out files that stand where another one has a directory: the engine renames these."""
    directories = {str(above) for path in paths for above in PurePosixPath(path).parents}
    return [path for path in paths if path not in directories]


class NaiveTree:
    """Directories as nested dictionaries; ``open`` are the paths of those that are open."""

    def __init__(self, torrent):
        self.top: dict[str, Any] = {}
        self.open = {""}
        for file in torrent.files:
            if not file.is_pad:
                *above, name = file.path.split("/")
                node = self.top
                for part in above:
                    node = node.setdefault(part, {})
                node[name] = file

    def rows(self, *, everything=False):
        """List the visible rows, or all."""
        return list(self._below(self.top, "", everything=everything))

    def _below(self, node, path, *, everything):
        for name, child in node.items():
            if isinstance(child, dict):
                yield path + name
                if everything or path + name in self.open:
                    yield from self._below(child, f"{path}{name}/", everything=everything)
        files = [name for name, child in node.items() if isinstance(child, TorrentFile)]
        yield from (path + name for name in sorted(files, key=naive_key))

    def after(self, start, size):
        """Return the visible rows after a path, ``None`` if there is no such path."""
        everything = self.rows(everything=True)
        if start and start not in everything:
            return None
        visible = set(self.rows())
        rest = everything[everything.index(start) + 1 :] if start else everything
        return [path for path in rest if path in visible][:size]


def naive_key(name):
    runs = re.findall("[0-9]+|[^0-9]+", name)
    return [(0, int(run), "") if run.isdecimal() else (1, 0, run) for run in runs], name


@unhurried
@given(
    paths=PATHS.map(without_clashes),
    steps=st.lists(st.tuples(st.sampled_from(["expand", "collapse", "window"]), st.integers(0, 60), st.integers(0, 9))),
)
def test_any_window_after_any_steps_is_that_of_a_plain_listing(paths, steps):
    torrent = metainfo(paths)
    view, naive = TreeView(FileTable.of(torrent)), NaiveTree(torrent)
    targets = ["", "top/nothing", "top/a/nothing", *naive.rows(everything=True)]
    for step, number, size in steps:
        target = targets[number % len(targets)]
        if step == "window":
            rows = view.window(target, size)
            assert (None if rows is None else [view.table.paths[row] for row in rows]) == naive.after(target, size)
        elif step == "collapse":
            view.collapse(target)
            naive.open.discard(target)
        else:
            view.expand(target)
            parts = target.split("/")
            naive.open |= {"/".join(parts[: depth + 1]) for depth in range(len(parts))}

    window = view.window(".", 1000) or []
    assert [view.table.paths[row] for row in window] == naive.rows()


@unhurried
@given(paths=PATHS.map(without_clashes))
def test_a_directory_has_the_files_and_the_size_of_what_is_below_it(paths):
    torrent = metainfo(paths)
    table = FileTable.of(torrent)
    shown = [file for file in torrent.files if not file.is_pad]

    for row, path in enumerate(table.paths):
        below = [file for file in shown if f"{file.path}/".startswith(f"{path}/")]
        bits = table.files_below(row)
        assert [file.index for file in shown if bits >> file.index & 1] == [file.index for file in below]
        assert table.sizes[row] == sum(file.size for file in below)
    assert sorted(index for index in table.files if index != DIRECTORY) == [file.index for file in shown]


@unhurried
@given(names=st.lists(st.text("ab019\u00e9\U0001f600", min_size=1, max_size=4), min_size=1, unique=True))
def test_files_are_in_natural_order_whatever_their_names(names):
    table = FileTable.of(metainfo([f"{name}.x" for name in names]))

    shown = [path.removeprefix("top/") for path in table.paths[1:]]

    assert shown == sorted(shown, key=naive_key)


@pytest.mark.parametrize(
    ("sizes", "pieces"),
    [
        ([16, 16], [range(1), range(1, 2)]),
        ([15, 2, 1], [range(1), range(2), range(1, 2)]),
        ([0, 40, 0], [range(0), range(3), range(0)]),
    ],
)
def test_a_file_touches_the_pieces_that_its_bytes_are_in(sizes, pieces):
    table = FileTable.of(metainfo(["a", "b", "c"][: len(sizes)], sizes))

    assert [table.pieces(row) for row in range(1, len(table))] == pieces


@unhurried
@given(paths=PATHS.map(without_clashes))
def test_a_table_comes_back_from_the_store_as_it_was(paths):
    table = FileTable.of(metainfo(paths))

    loaded = FileTable.load(table.dump())

    assert (loaded.paths, loaded.files, loaded.sizes, loaded.ends) == (
        table.paths,
        table.files,
        table.sizes,
        table.ends,
    )
    for row in range(len(table)):
        assert loaded.files_below(row) == table.files_below(row)
        assert loaded.pieces(row) == table.pieces(row)


@pytest.mark.parametrize("cut", [(0, 0), (0, -1), (1, None)])
def test_bytes_that_are_no_table_are_refused(cut):
    data = FileTable.of(metainfo(["a", "b/c"])).dump()

    with pytest.raises(BadTableError):
        FileTable.load(data[slice(*cut)])


def test_a_table_whose_columns_differ_in_length_is_refused():
    table = FileTable.of(metainfo(["a", "b/c"]))
    table.ends.append(9)

    with pytest.raises(BadTableError):
        FileTable.load(table.dump())
