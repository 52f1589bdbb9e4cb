"""Which claims are shown and suggested: the rules by themselves, and the store against a naive model."""

import asyncio
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.knowledge.conftest import open_knowledge
from tests.plugins.knowledge.people import DEBIAN, ME, PEERS, SINTEL, said
from triblerd_knowledge.api import Claim, Deed, Operation, Predicate
from triblerd_knowledge.rules import Tally


@pytest.mark.parametrize(
    ("tally", "is_shown", "is_suggested"),
    [
        (Tally(0, 0, Deed.ADD), True, False),
        (Tally(0, 9, Deed.ADD), True, False),
        (Tally(9, 0, Deed.REMOVE), False, False),
        (Tally(1, 1, Deed.REMOVE), False, False),
        (Tally(1, 0), True, False),
        (Tally(3, 2), True, False),
        (Tally(2, 2), False, True),
        (Tally(1, 2), False, True),
        (Tally(0, 1), False, True),
        (Tally(0, 2), False, False),
        (Tally(1, 3), False, False),
    ],
)
def test_a_claim_is_shown_or_suggested_by_what_is_said_of_it(tally, is_shown, is_suggested):
    assert (tally.is_shown, tally.is_suggested) == (is_shown, is_suggested)


class NaiveKnowledge:
    """Remembers every operation that was ever heard, and thinks anew at each question."""

    def __init__(self) -> None:
        self.heard: list[Operation] = []

    def latest(self):
        latest: dict[tuple[bytes, str, int, str], Operation] = {}
        for operation in self.heard:
            key = operation.author, operation.infohash, operation.predicate, operation.object
            if key not in latest or latest[key].clock < operation.clock:
                latest[key] = operation
        return latest.values()

    def verdicts(self):
        """Return what this node did with each claim, and additions minus removals of the others."""
        own: defaultdict[tuple[str, int, str], int] = defaultdict(int)
        balance: defaultdict[tuple[str, int, str], int] = defaultdict(int)
        for operation in self.latest():
            claim = operation.infohash, operation.predicate, operation.object
            if operation.author == ME.public_key:
                own[claim] = operation.deed
            else:
                balance[claim] += 1 if operation.deed == Deed.ADD else -1
        return {claim: (own[claim], balance[claim]) for claim in {*own, *balance}}

    def shown(self, infohash):
        return {
            (predicate, text)
            for (subject, predicate, text), (own, balance) in self.verdicts().items()
            if subject == infohash and (own == Deed.ADD or (not own and balance >= 1))
        }

    def suggested(self, infohash):
        return {
            text
            for (subject, predicate, text), (own, balance) in self.verdicts().items()
            if subject == infohash and predicate == Predicate.TAG and not own and balance in {-1, 0}
        }

    def replace(self, infohash, claims):
        shown = self.shown(infohash)
        for predicate, text in shown ^ claims:
            deed = Deed.ADD if (predicate, text) in claims else Deed.REMOVE
            own = [
                one.clock
                for one in self.latest()
                if (one.author, one.infohash, one.predicate, one.object) == (ME.public_key, infohash, predicate, text)
            ]
            clock = max(own, default=0) + 1
            self.heard.append(said(ME, text, infohash=infohash, predicate=predicate, deed=deed, clock=clock))


TAGS = ["live", "Live", "LIVE", "straße", "STRASSE", "日本"]
subjects = st.sampled_from([DEBIAN, SINTEL])
predicates = st.sampled_from([Predicate.TAG, Predicate.TAG, Predicate.LANGUAGE])
heard = st.builds(
    said,
    st.sampled_from([*PEERS[:3], ME]),
    st.sampled_from(TAGS),
    infohash=subjects,
    predicate=predicates,
    deed=st.sampled_from(Deed),
    clock=st.integers(1, 4),
)
sets = st.sets(st.tuples(predicates, st.sampled_from(TAGS)), max_size=4)
steps = st.one_of(st.lists(heard, min_size=1, max_size=6), st.tuples(subjects, sets))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("knowledge")


@settings(deadline=None, max_examples=60)
@given(history=st.lists(steps, max_size=12))
def test_the_store_says_what_a_naive_model_says(folder, history):
    model = NaiveKnowledge()

    async def run():
        async with open_knowledge(folder / f"{len(list(folder.iterdir()))}") as (knowledge, _):
            for step in history:
                if isinstance(step, list):
                    model.heard += step
                    await knowledge.add(step)
                else:
                    infohash, claims = step
                    model.replace(infohash, claims)
                    await knowledge.replace(infohash, [Claim(*claim) for claim in claims])
            compare(knowledge)

    def compare(knowledge):
        for infohash in (DEBIAN, SINTEL):
            shown = [(one.predicate, one.object) for one in knowledge.shown(infohash)]
            assert len(shown) == len(set(shown))
            assert set(shown) == model.shown(infohash)
            assert set(knowledge.suggested(infohash)) == model.suggested(infohash)

    asyncio.run(run())
