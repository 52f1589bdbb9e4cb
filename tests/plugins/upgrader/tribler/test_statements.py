"""What was said about torrents goes to the knowledge plugin."""

import sqlite3
from contextlib import closing

from tests.plugins.upgrader.samples import PROGRAMS
from tests.plugins.upgrader.tribler.states import NEW, OLD, copied, read
from triblerd_knowledge.api import Claim, Deed, Predicate
from triblerd_upgrader.foreign.tribler.statements import OPERATIONS, OWN

STATEMENTS = PROGRAMS[OLD]["statements"]
ALPHA = PROGRAMS[OLD]["downloads"]["single"]["infohash_v1"]
BETA = PROGRAMS[OLD]["downloads"]["multi"]["infohash_v1"]
BOOKS = Claim(Predicate.TAG, "books")


def change(root, *statements):
    with closing(sqlite3.connect(root / "7.13" / "sqlite" / "knowledge.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def shown(ours, infohash):
    return {(one.predicate, one.object) for one in ours.knowledge.shown(infohash)}


async def test_every_operation_is_there_with_its_signature(ours, tmp_path):
    kept = await ours.keep(read(OLD, copied(OLD, tmp_path)).items, OPERATIONS)

    found = {(one.infohash, one.object): one for one in [*ours.knowledge.about(ALPHA), *ours.knowledge.about(BETA)]}
    assert (kept[OPERATIONS].added, kept[OPERATIONS].not_taken, len(found)) == (4, (), 4)
    for wanted in STATEMENTS:
        operation = found[wanted["subject"], wanted["object"]]
        assert operation.author.hex() == wanted["creator"][20:]
        assert operation.signature.hex() == wanted["signature"]
        assert (operation.predicate, operation.deed) == (wanted["predicate"], wanted["operation"])


async def test_what_the_user_said_is_said_by_this_node(ours, tmp_path):
    items = read(OLD, copied(OLD, tmp_path)).items

    first = (await ours.keep(items))[OWN]
    again = (await ours.keep(items))[OWN]

    assert (first.added, again.added, again.present) == (4, 0, 4)
    assert shown(ours, ALPHA) == {(14, "Alpha title"), (101, "books"), (101, "ünïcode tag")}
    own = [one for one in ours.knowledge.about(ALPHA) if one.author == ours.key.public_key]
    assert len(own) == 3


async def test_what_the_user_removed_here_does_not_come_back(ours, tmp_path):
    items = read(OLD, copied(OLD, tmp_path)).items
    await ours.keep(items)
    await ours.knowledge.change(ALPHA, remove=[BOOKS])

    await ours.keep(items)

    assert shown(ours, ALPHA) == {(14, "Alpha title"), (101, "ünïcode tag")}


async def test_what_the_user_removed_there_is_removed_here(ours, tmp_path):
    root = copied(OLD, tmp_path)
    change(root, "UPDATE Statement SET local_operation = 2 WHERE id = 2")

    await ours.keep(read(OLD, root).items)

    assert shown(ours, ALPHA) == {(14, "Alpha title"), (101, "ünïcode tag")}


async def test_what_the_program_made_itself_and_what_is_no_statement_is_left_out(ours, tmp_path):
    root = copied(OLD, tmp_path)
    change(
        root,
        "UPDATE StatementOp SET auto_generated = 1 WHERE id = 1",
        "UPDATE Resource SET type = 99 WHERE name = 'ünïcode tag'",
        "UPDATE Resource SET name = 'not hex' WHERE id = 5",
        "UPDATE Statement SET local_operation = NULL",
    )

    found = read(OLD, root)
    kept = await ours.keep(found.items)

    assert kept[OPERATIONS].added == 1
    assert found.reasons >= {
        "the program made them itself of titles",
        "there is no such kind of statement",
        "they are not about a torrent",
    }
    assert OWN not in kept


async def test_a_wrong_signature_is_refused(ours, tmp_path):
    root = copied(OLD, tmp_path)
    change(root, "UPDATE StatementOp SET clock = 7 WHERE id = 4")

    kept = (await ours.keep(read(OLD, root).items, OPERATIONS))[OPERATIONS]

    assert kept.added == 3
    assert [(one.what, one.reason) for one in kept.not_taken] == [("statements (1)", "its signature is wrong")]


async def test_the_newer_name_of_the_database_is_known(ours, tmp_path):
    root = copied(OLD, tmp_path)
    folder = root / "7.13" / "sqlite"
    (folder / "knowledge.db").rename(folder / "tribler.db")

    await ours.keep(read(OLD, root).items)

    assert (101, "books") in shown(ours, BETA)


async def test_tags_of_version_8_are_statements_of_this_node(ours, tmp_path):
    root = copied(NEW, tmp_path)
    with closing(sqlite3.connect(root / "8.0" / "sqlite" / "metadata.db")) as connection, connection:
        connection.execute("UPDATE ChannelNode SET tags = ? WHERE title = 'eta'", ("Other,x,fine," + "y" * 51,))

    found = read(NEW, root)
    kept = await ours.keep(found.items, OWN)

    eta = PROGRAMS[NEW]["downloads"]["hybrid"]["infohash_v1"]
    assert kept[OWN].added == 4
    assert shown(ours, ALPHA) == {(101, "books"), (101, "red")}
    assert shown(ours, eta) == {(101, "fine")}
    assert found.not_taken["tags (2)"] == "a statement has 2 to 50 characters"
    assert found.downloads[eta].labels == ("x", "fine", "y" * 51)
    assert ours.knowledge.about(eta)[0].deed == Deed.ADD
