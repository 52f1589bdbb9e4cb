"""A pickle is read, and never run."""

import os
import pickle
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.upgrader.pickling import Object, Whole, pickled
from tests.plugins.upgrader.samples import SAMPLES, copy_state
from triblerd_upgrader.foreign.deluge.pickles import Attributes, read_pickle
from triblerd_upgrader.foreign.deluge.reader import Deluge
from triblerd_upgrader.foreign.values import ForeignDownload, NotTaken

REAL = (SAMPLES / "deluge-2.0/state/deluge/state/torrents.state").read_bytes()
MANAGER = b"deluge.core.torrentmanager\nTorrentManagerState\n"
TORRENT = b"deluge.core.torrentmanager\nTorrentState\n"


class Runs:
    """Runs a program when somebody unpickles it."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def hostile(command):
    """Return pickles that run a command, or do what else no state does."""
    text = command.encode()
    short = b"\x8c" + bytes([len(text)]) + text
    return {
        **{f"protocol {number}": pickle.dumps(Runs(command), number) for number in range(6)},
        **{f"within, protocol {number}": pickle.dumps({"torrents": [Runs(command)]}, number) for number in range(6)},
        "global and reduce": b"cos\nsystem\n(S'" + text + b"'\ntR.",
        "inst": b"(S'" + text + b"'\nios\nsystem\n.",
        "obj": b"(cos\nsystem\nS'" + text + b"'\no.",
        "stack global": b"\x80\x04\x8c\x02os\x8c\x06system\x93" + short + b"\x85R.",
        "new object": b"cbuiltins\neval\n(S'1'\nt\x81.",
        "after the real thing": REAL[:-1] + b"cos\nsystem\n(S'" + text + b"'\ntR.",
        "call of an allowed class": b"c" + MANAGER + b"(S'" + text + b"'\ntR.",
        "object with arguments": b"(S'" + text + b"'\ni" + MANAGER + b".",
        "other name of the module": b"cdeluge.core.torrentmanager\nos\n.",
        "dotted name": b"cdeluge.core.torrentmanager\nTorrentState.__init__.__globals__\n.",
        "other module": b"cdeluge.core.torrentmanager.x\nTorrentState\n.",
        "reconstructor": b"ccopy_reg\n_reconstructor\n(c" + MANAGER + b"c__builtin__\nobject\nNtR.",
        "persistent": b"P" + text + b"\n.",
        "persistent, binary": short + b"Q.",
        "extension": b"\x82\x01.",
        "attributes of what is no object": b"}}b.",
        "attributes by setstate": b"c" + MANAGER + b")\x81K\x01b.",
        "attributes in pairs": b"c" + MANAGER + b")\x81N}\x86b.",
        "frame": b"\x95" + bytes(8) + b"}.",
        "key that is a list": b"}]Ns.",
        "keys of a list": b"]K\x01K\x02s.",
        "append to a dictionary": b"}Na.",
    }


HARMFUL = {
    "deep": b"(" * 100_000,
    "deep lists": b"]" * 100_000 + b"a" * 99_999 + b".",
    "long text": b"X\xff\xff\xff\xff.",
    "long number": b"\x8a\xff" + b"\xff" * 255 + b".",
    "many digits": b"L" + b"9" * 100_000 + b"L\n.",
    "no number": b"Ixyz\n.",
    "no fraction": b"Fxyz\n.",
    "nothing": b"",
    "no end": b"}",
    "nothing left": b".",
    "unknown number": b"h\x05.",
    "no mark": b"e.",
    "odd": b"}(K\x01u.",
    "negative length": b"T\xff\xff\xff\xff.",
    "line without end": b"c" + b"a" * 2_000_000,
}


def test_the_real_thing_is_read():
    state = read_pickle(REAL)

    assert isinstance(state, Attributes)
    torrents: Any = state.values["torrents"]
    assert [torrent.values["torrent_id"][:8] for torrent in torrents][:2] == ["d73e71db", "33f939cc"]
    assert torrents[0].values["stop_ratio"] == 2.5
    assert torrents[0].values["trackers"][0]["url"] == "http://127.0.0.1:6969/announce"


@pytest.mark.parametrize("kind", hostile(""))
def test_a_pickle_is_never_run(kind, tmp_path):
    mark = tmp_path / "run"
    raw = hostile(f"touch {mark}")[kind]

    with pytest.raises(ValueError, match=r"it|key"):
        read_pickle(raw)

    assert not mark.exists()


@pytest.mark.parametrize("kind", HARMFUL)
def test_a_broken_pickle_is_refused_at_once(kind):
    with suppress(ValueError):
        assert not isinstance(read_pickle(HARMFUL[kind]), Attributes)


def test_a_list_may_hold_itself():
    value = read_pickle(b"]q\x00h\x00a.")

    assert value[0] is value


def test_objects_may_share_what_they_have():
    many = b"(" + b"h\x00" * 1000 + b"l."
    values = read_pickle(b"c" + TORRENT + b")\x81q\x00}(X\x01\x00\x00\x00aK\x01ub" + many)

    assert len(values) == 1000
    assert {id(value.values) for value in values} == {id(values[0].values)}


def test_too_many_attributes_are_refused():
    assert read_pickle(pickled(Object({f"a{n}": n for n in range(1000)}))).values["a999"] == 999
    with pytest.raises(ValueError, match="too many"):
        read_pickle(pickled(Object({f"a{n}": n for n in range(1001)})))


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"S'na\\xc3\\xafve'\n.", "naïve"),
        (b'S"it\'s \\\\ \\n\\101"\n.', "it's \\ \nA"),
        (b"V\\u20ac\n.", "€"),
        (b"U\x02\xc3\xa9.", "é"),
        (b"T\x02\x00\x00\x00\xc3\xa9.", "é"),
        (b"\x8c\x01a\x94h\x00\x86.", ("a", "a")),
        (b"I01\n.", True),
        (b"I00\n.", False),
        (b"I-5\n.", -5),
        (b"L12345678901L\n.", 12345678901),
        (b"\x8a\x02\x00\x01.", 256),
        (b"\x8a\x00.", 0),
        (b"M\x00\x01.", 256),
        (b"F2.5\n.", 2.5),
        (b"(dp1\nS'a'\nI1\ns.", {"a": 1}),
        (b"(lp1\nI1\nag1\n\x86.", ([1], [1])),
        (b"(K\x01K\x02t.", (1, 2)),
        (b"N\x85N\x88\x89\x87\x86.", ((None,), (None, True, False))),
    ],
)
def test_values_of_older_protocols_are_read(raw, value):
    assert read_pickle(raw) == value


@pytest.mark.parametrize("begin", [b"(i" + TORRENT + b"p2\n", b"(c" + TORRENT + b"o", b"c" + TORRENT + b")\x81"])
def test_objects_of_older_protocols_are_read(begin):
    assert read_pickle(begin + b"(dp3\nS'paused'\nI01\nsb.").values == {"paused": True}


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.integers(0, len(REAL) - 1), st.integers(0, 255)), max_size=5), st.integers(0, len(REAL)))
def test_a_damaged_pickle_is_read_or_refused(changes, end):
    raw = bytearray(REAL)
    for place, byte in changes:
        raw[place] = byte

    with suppress(ValueError):
        read_pickle(bytes(raw[:end]))


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=60))
def test_rubbish_is_read_or_refused(raw):
    with suppress(ValueError):
        read_pickle(raw)


def test_a_hostile_state_is_told_and_the_one_before_is_read(tmp_path):
    state = copy_state("deluge-2.0", tmp_path)
    mark = tmp_path / "run"
    for raw in hostile(f"touch {mark}").values():
        (state / "state/torrents.state").write_bytes(raw)

        items = list(Deluge().read(state, str, state))

        assert next(item.what for item in items if isinstance(item, NotTaken)) == "state/torrents.state"
        assert len([item for item in items if isinstance(item, ForeignDownload)]) == 10
    assert not mark.exists()


def test_without_any_state_the_rest_still_tells_what_there_is(tmp_path):
    state = copy_state("deluge-2.0", tmp_path)
    for path in (state / "state").glob("torrents.state*"):
        path.write_bytes(b"cos\nsystem\n(S'true'\ntR.")

    items = list(Deluge().read(state, str, state))

    found = {item.name: item for item in items if isinstance(item, ForeignDownload)}
    assert len(found) == 10
    assert (found["delta.bin"].save_path, found["delta.bin"].have) == ("/srv/torrents", b"\xa0")
    assert found["alpha.bin"].labels == ("books",)
    assert [item.what for item in items if isinstance(item, NotTaken)][:2] == [
        "state/torrents.state",
        "state/torrents.state.bak",
    ]


def test_what_is_written_for_tests_is_read():
    state = read_pickle(pickled(Whole(torrents=[Object(a=None, b=[1, 2.5, "ü", {"c": True}])])))

    assert state.values["torrents"][0].values == {"a": None, "b": [1, 2.5, "ü", {"c": True}]}
