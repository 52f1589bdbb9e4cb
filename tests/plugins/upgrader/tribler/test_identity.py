"""A key becomes that of this node only if the user says so, and nothing is lost by it."""

import pytest

from tests.plugins.upgrader.samples import PROGRAMS
from tests.plugins.upgrader.tribler.ours import open_ours
from tests.plugins.upgrader.tribler.states import NEW, OLD, copied, read
from triblerd_identity.api import Curve25519Key
from triblerd_knowledge.api import Claim, Predicate
from triblerd_metadata.values import NewEntry
from triblerd_metadata.wire import sign_entry
from triblerd_upgrader.foreign.tribler.identity import KIND
from triblerd_upgrader.foreign.tribler.statements import OWN

PUBLIC = PROGRAMS[OLD]["identity"]["public_key"]
LIVE = Claim(Predicate.TAG, "live")


async def test_the_key_of_version_7_becomes_ours(tmp_path):
    items = read(OLD, copied(OLD, tmp_path)).items
    async with open_ours(tmp_path / "store") as ours:
        first = (await ours.keep(items, KIND))[KIND]
        again = (await ours.keep(items, KIND))[KIND]

        assert (first.added, again.present) == (1, 1)
        assert ours.key.full_public_key.hex() == PUBLIC
    async with open_ours(tmp_path / "store") as ours:
        assert ours.key.full_public_key.hex() == PUBLIC


async def test_the_key_of_version_8_has_its_kind_before_it(ours, tmp_path):
    root = copied(NEW, tmp_path)
    private = (root / "ec_multichain.pem").read_bytes()

    await ours.keep(read(NEW, root).items, KIND)

    assert len(private) == 74
    assert ours.key.sign(b"data") == Curve25519Key(private).sign(b"data")


async def test_what_the_user_said_is_signed_with_the_key_that_came_along(ours, tmp_path):
    await ours.keep(read(OLD, copied(OLD, tmp_path)).items, KIND, OWN)

    assert ours.knowledge.count_of(bytes.fromhex(PUBLIC)[10:]) == 4


@pytest.mark.parametrize("what", ["entry", "statement"])
async def test_a_key_that_has_signed_is_not_lost(ours, tmp_path, what):
    before = ours.key.public_key
    if what == "entry":
        await ours.metadata.add([sign_entry(NewEntry(title="Mine", infohash=b"a" * 20, timestamp=1), ours.key)])
    else:
        await ours.knowledge.change("ab" * 20, add=[LIVE])

    kept = (await ours.keep(read(OLD, copied(OLD, tmp_path)).items, KIND))[KIND]

    assert ours.key.public_key == before
    [told] = kept.not_taken
    assert told.reason.startswith("1 things are signed already with the key of this node")


async def test_a_key_is_asked_for_and_never_shown(ours, tmp_path):
    root = copied(OLD, tmp_path)
    private = (root / "7.13" / "ec_multichain.pem").read_bytes()

    [foreign] = read(OLD, root).of_kind(KIND)

    assert ours.keepers[KIND].is_asked_for
    assert foreign.private.endswith(private)
    assert repr(private)[2:20] not in repr(foreign)
    assert private.hex() not in repr(foreign)


@pytest.mark.parametrize("rubbish", [b"", b"x" * 63, b"x" * 74])
async def test_what_is_no_key_is_told(tmp_path, rubbish):
    root = copied(OLD, tmp_path)
    (root / "7.13" / "ec_multichain.pem").write_bytes(rubbish)

    found = read(OLD, root)

    assert found.not_taken["ec_multichain.pem"].startswith("the key cannot be read: a private key has 74 bytes")
    assert len(found.of_kind("torrents")) == 5
    assert not found.of_kind(KIND)
