"""Records of authors, all the way in: from the bytes that a peer sends into the store, and out again."""

import msgspec
import pytest

from tests.plugins.metadata.records import KEY_A, SIGNED_RECORD, UNSIGNED_RECORD
from tests.plugins.metadata.test_wire import BUNNY
from triblerd_metadata.api import MetadataStore, WireRecords
from triblerd_metadata.wire import pack_record, sign_entry

replace = msgspec.structs.replace


@pytest.fixture
async def daemon(start_daemon):
    async with start_daemon("metadata") as running:
        yield running


def service(daemon, kind):
    return daemon.daemon.container.services().find(kind)


async def hear(daemon, data):
    """Do what is done with an answer of a peer, and return what became of each record."""
    received = await service(daemon, WireRecords).read(data)
    added = await service(daemon, MetadataStore).add(one.entry for one in received if one.entry)
    return [one.outcome for one in added]


def stored(daemon):
    return service(daemon, MetadataStore).by_identity(KEY_A.public_key, BUNNY.id)


def packed(entry):
    return pack_record(sign_entry(entry, KEY_A))


async def test_a_record_goes_out_as_it_came_in(daemon):
    assert await hear(daemon, SIGNED_RECORD + UNSIGNED_RECORD) == ["added", "added"]

    entries = service(daemon, MetadataStore).entries([1, 2])

    assert [service(daemon, WireRecords).write(entry) for entry in entries] == [SIGNED_RECORD, UNSIGNED_RECORD]


async def test_a_record_that_its_author_changed_replaces_the_older_one(daemon):
    await hear(daemon, SIGNED_RECORD)
    changed = packed(replace(BUNNY, title="Sintel", timestamp=BUNNY.timestamp + 1))

    outcomes = await hear(daemon, changed)

    assert outcomes == ["replaced"]
    assert stored(daemon).title == "Sintel"
    assert stored(daemon).rowid == 1
    assert service(daemon, WireRecords).write(stored(daemon)) == changed


async def test_an_older_record_of_the_author_changes_nothing(daemon):
    await hear(daemon, SIGNED_RECORD)

    same = await hear(daemon, packed(replace(BUNNY, title="Same time")))
    older = await hear(daemon, packed(replace(BUNNY, title="Older", timestamp=BUNNY.timestamp - 1)))

    assert same == older == ["kept"]
    assert stored(daemon).title == "Big Buck Bunny"


async def test_nobody_else_changes_a_record(daemon):
    await hear(daemon, SIGNED_RECORD)
    newer = packed(replace(BUNNY, title="Sintel", timestamp=BUNNY.timestamp + 1))
    forged = newer.replace(b"Sintel", b"Forged")

    assert await hear(daemon, forged) == []
    assert stored(daemon).title == "Big Buck Bunny"
