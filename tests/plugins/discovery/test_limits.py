from triblerd_discovery.limits import DayBudget, Gate, Rates


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_rate_allows_a_burst_and_then_so_many_a_second():
    clock = Clock()
    rates = Rates(0.5, 5, clock=clock)

    assert [rates.allow("a") for _ in range(6)] == [True] * 5 + [False]
    assert rates.allow("b")
    clock.now += 4
    assert [rates.allow("a") for _ in range(3)] == [True, True, False]


def test_many_strangers_are_not_all_remembered():
    rates = Rates(0.001, 1, clock=Clock())
    rates.allow(0)

    for other in range(1, 5001):
        rates.allow(other)

    assert rates.allow(0)  # forgotten
    assert not rates.allow(5000)


def test_a_peer_and_all_together_may_bring_so_many_records_a_day():
    clock = Clock()
    budget = DayBudget(10, 15, clock=clock)

    budget.take(b"a", 8)
    assert (budget.left(b"a"), budget.left(b"b")) == (2, 7)
    budget.take(b"b", 7)
    assert budget.left(b"a") == 0
    clock.now += 86400
    assert budget.left(b"a") == 10


def test_who_sends_too_much_is_ignored_for_some_minutes():
    clock = Clock()
    gate = Gate(clock=clock)

    admitted = [gate.admits_message(b"a") for _ in range(300)]

    assert sum(admitted) == 200
    assert gate.is_ignored(b"a")
    assert gate.admits_message(b"b")
    clock.now += 299
    assert not gate.admits_message(b"a")
    clock.now += 1
    assert gate.admits_message(b"a")
