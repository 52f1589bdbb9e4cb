"""What peers say."""

import msgspec
import pytest

from tests.plugins.knowledge.people import DEBIAN, ME, PEERS, SINTEL, said
from triblerd_knowledge.api import Claim, Deed, Knowledge, Operations, Outcome, Predicate
from triblerd_knowledge.knowledge import MOST_CLAIMS
from triblerd_metadata.api import Statements

LIVE = Claim(Predicate.TAG, "live")


def tags(knowledge, infohash=DEBIAN):
    return [statement.object for statement in knowledge.shown(infohash) if statement.predicate == Predicate.TAG]


async def test_it_offers_what_others_ask_for(knowledge):
    assert isinstance(knowledge, Knowledge)
    assert isinstance(knowledge, Operations)
    assert isinstance(knowledge, Statements)


async def test_what_a_peer_says_is_shown(knowledge):
    outcomes = await knowledge.add([said(PEERS[0], "live"), said(PEERS[0], "Dutch", predicate=Predicate.LANGUAGE)])

    assert outcomes == [Outcome("added"), Outcome("added")]
    assert [(one.subject_type, one.subject, one.predicate, one.object) for one in knowledge.shown(DEBIAN)] == [
        (102, DEBIAN, 8, "Dutch"),
        (102, DEBIAN, 101, "live"),
    ]
    assert knowledge.shown(SINTEL) == []


async def test_what_was_said_before_changes_nothing(knowledge):
    await knowledge.add([said(PEERS[0], "live", clock=3)])

    again = await knowledge.add([said(PEERS[0], "live", clock=3)])
    older = await knowledge.add([said(PEERS[0], "live", clock=2, deed=Deed.REMOVE)])

    assert again == older == [Outcome("kept")]
    assert tags(knowledge) == ["live"]


async def test_of_one_author_the_newer_clock_wins_in_any_order(knowledge):
    newer = said(PEERS[0], "live", clock=2, deed=Deed.REMOVE)

    outcomes = await knowledge.add([newer, said(PEERS[0], "live", clock=1)])

    assert outcomes == [Outcome("added"), Outcome("kept")]
    assert tags(knowledge) == []
    assert knowledge.about(DEBIAN) == [newer]


async def test_a_wrong_signature_is_refused_and_its_neighbours_are_not(knowledge):
    forged = msgspec.structs.replace(said(PEERS[0], "live"), object="dead")

    outcomes = await knowledge.add([said(PEERS[0], "film"), forged, said(PEERS[1], "music")])

    assert outcomes == [Outcome("added"), Outcome("refused", "its signature is wrong"), Outcome("added")]
    assert sorted(tags(knowledge)) == ["film", "music"]


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (said(PEERS[0], "live", infohash=DEBIAN.upper()), "infohash"),
        (said(PEERS[0], "live", infohash="live"), "infohash"),
        (said(PEERS[0], "live", predicate=99), "predicate"),
        (said(PEERS[0], "x"), "too short"),
        (said(PEERS[0], "x" * 51), "too long"),
        (msgspec.structs.replace(said(PEERS[0], "live"), object="li\ud800ve"), "no text"),
        (said(PEERS[0], "live", deed=3), "neither"),
        (said(PEERS[0], "live", clock=0), "clock"),
        (msgspec.structs.replace(said(PEERS[0], "live"), clock=2**63), "clock"),
        (msgspec.structs.replace(said(PEERS[0], "live"), author=b"x" * 74), "key"),
    ],
)
async def test_what_cannot_be_an_operation_is_refused(knowledge, operation, reason):
    (outcome,) = await knowledge.add([operation])

    assert outcome.outcome == "refused"
    assert reason in outcome.reason
    assert knowledge.about(DEBIAN) == []


async def test_what_this_node_says_stands_against_any_number_of_peers(knowledge):
    await knowledge.replace(DEBIAN, [LIVE])

    await knowledge.add([said(peer, "live", deed=Deed.REMOVE) for peer in PEERS])

    assert tags(knowledge) == ["live"]


async def test_what_this_node_removed_is_neither_shown_nor_suggested(knowledge):
    await knowledge.add([said(peer, "live") for peer in PEERS])

    await knowledge.replace(DEBIAN, [])
    await knowledge.add([said(PEERS[0], "live", clock=2, deed=Deed.REMOVE)])

    assert knowledge.shown(DEBIAN) == []
    assert knowledge.suggested(DEBIAN) == []


async def test_what_peers_disagree_on_is_suggested(knowledge):
    await knowledge.add([said(PEERS[0], "live"), said(PEERS[1], "live", deed=Deed.REMOVE)])
    await knowledge.add([said(PEERS[0], "film", deed=Deed.REMOVE)])
    await knowledge.add([said(peer, "dead", deed=Deed.REMOVE) for peer in PEERS[:2]])
    await knowledge.add([said(PEERS[0], "Dutch", predicate=Predicate.LANGUAGE, deed=Deed.REMOVE)])

    assert sorted(knowledge.suggested(DEBIAN)) == ["film", "live"]


async def test_what_this_node_says_is_signed_and_counted(knowledge):
    await knowledge.replace(DEBIAN, [LIVE])
    await knowledge.replace(DEBIAN, [LIVE])
    await knowledge.replace(DEBIAN, [])

    assert knowledge.about(DEBIAN) == [said(ME, "live", clock=2, deed=Deed.REMOVE)]


async def test_this_node_does_not_repeat_what_is_shown_anyway(knowledge):
    await knowledge.add([said(PEERS[0], "live")])

    await knowledge.replace(DEBIAN, [LIVE])

    assert [operation.author for operation in knowledge.about(DEBIAN)] == [PEERS[0].public_key]


async def test_what_this_node_said_in_an_earlier_life_comes_back(knowledge):
    await knowledge.add([said(ME, "live", clock=7)])
    await knowledge.replace(DEBIAN, [])

    assert knowledge.about(DEBIAN) == [said(ME, "live", clock=8, deed=Deed.REMOVE)]


async def test_what_the_user_said_elsewhere_is_adopted_with_what_peers_say_or_against_it(knowledge):
    await knowledge.add([said(PEERS[0], "live"), said(PEERS[0], "Dutch")])

    said_before = [(DEBIAN, LIVE, Deed.ADD), (DEBIAN, Claim(Predicate.TAG, "Dutch"), Deed.REMOVE)]
    new = await knowledge.adopt(said_before)

    assert (new, await knowledge.adopt(said_before)) == (2, 0)
    assert tags(knowledge) == ["live"]
    assert knowledge.count_of(ME.public_key) == 2
    assert knowledge.about(DEBIAN).count(said(ME, "live")) == 1
    assert knowledge.about(DEBIAN).count(said(ME, "Dutch", deed=Deed.REMOVE)) == 1


async def test_what_this_node_said_already_is_not_changed_by_what_is_adopted(knowledge):
    await knowledge.change(DEBIAN, add=[LIVE])
    await knowledge.change(DEBIAN, remove=[LIVE])

    assert await knowledge.adopt([(DEBIAN, LIVE, Deed.ADD)]) == 0
    assert tags(knowledge) == []


async def test_single_claims_are_added_and_removed(knowledge):
    film = Claim(Predicate.TAG, "film")
    await knowledge.replace(DEBIAN, [LIVE])

    await knowledge.change(DEBIAN, add=[film, LIVE])
    both = tags(knowledge)
    await knowledge.change(DEBIAN, remove=[LIVE, Claim(Predicate.TAG, "never said")])

    assert sorted(both) == ["film", "live"]
    assert tags(knowledge) == ["film"]
    assert [operation.clock for operation in knowledge.about(DEBIAN)] == [1, 2]


async def test_peers_cannot_make_any_number_of_claims(knowledge):
    many = [said(PEERS[0], f"tag {number}") for number in range(MOST_CLAIMS)]
    await knowledge.add(many)

    new, known, elsewhere = await knowledge.add(
        [said(PEERS[1], "another"), said(PEERS[1], "tag 1"), said(PEERS[1], "another", infohash=SINTEL)]
    )
    await knowledge.change(DEBIAN, add=[LIVE])

    assert new == Outcome("refused", "peers made 256 claims about this torrent already")
    assert known == elsewhere == Outcome("added")
    assert "live" in tags(knowledge)


async def test_tags_are_found_whatever_their_case(knowledge):
    await knowledge.add([said(PEERS[0], "Live"), said(PEERS[0], "live"), said(PEERS[0], "straße", infohash=SINTEL)])

    assert set(knowledge.tagged(["LIVE"])) == {1}
    assert set(knowledge.tagged(["STRASSE"])) == {2}
    assert not knowledge.tagged(["live", "strasse"])


async def test_a_torrent_carries_a_tag_until_its_last_spelling_is_gone(knowledge):
    await knowledge.replace(DEBIAN, [LIVE, Claim(Predicate.TAG, "Live")])

    await knowledge.change(DEBIAN, remove=[LIVE])
    one_left = knowledge.tagged(["live"])
    await knowledge.replace(DEBIAN, [])

    assert set(one_left) == {1}
    assert not knowledge.tagged(["live"])


@pytest.mark.parametrize(
    "asked", [[], [""], ["x" * 1000], ["\N{GREEK SMALL LETTER IOTA WITH DIALYTIKA AND TONOS}" * 50]]
)
async def test_tags_that_cannot_be_are_carried_by_nothing(knowledge, asked):
    await knowledge.replace(DEBIAN, [LIVE])

    assert not knowledge.tagged(asked)


async def test_a_tag_is_not_found_by_its_beginning_nor_by_other_statements(knowledge):
    await knowledge.add([said(PEERS[0], "live"), said(PEERS[0], "Dutch", predicate=Predicate.LANGUAGE)])

    assert not knowledge.tagged(["liv"])
    assert not knowledge.tagged(["live\0"])
    assert not knowledge.tagged(["Dutch"])


async def test_the_longest_objects_are_kept(knowledge):
    longest = ["\U0001f600" * 50, "\N{GREEK SMALL LETTER IOTA WITH DIALYTIKA AND TONOS}" * 50, "a\0b" + "\0" * 47]

    await knowledge.replace(DEBIAN, [Claim(Predicate.TAG, text) for text in longest])

    assert sorted(tags(knowledge)) == sorted(longest)
    assert all(set(knowledge.tagged([text])) == {1} for text in longest)
