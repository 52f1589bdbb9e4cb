import msgspec

from triblerd.plugin import Manifest
from triblerd.plugin_order import dependents, starting_order


def manifests(**needs):
    return {name: Manifest(name, "", requires=requires, after=after) for name, (requires, after) in needs.items()}


def test_names_break_ties():
    assert starting_order(manifests(c=((), ()), a=((), ()), b=((), ()))) == (["a", "b", "c"], {})


def test_requirements_and_preferences_come_first():
    found = manifests(a=(("z",), ()), b=((), ("a",)), z=((), ()))

    assert starting_order(found) == (["z", "a", "b"], {})


def test_what_is_early_comes_first_unless_it_needs_something():
    found = manifests(a=((), ()), c=((), ("b",)), x=((), ()), y=(("z",), ()), z=((), ()))
    found = {name: msgspec.structs.replace(manifest, early=name in "xy") for name, manifest in found.items()}

    assert starting_order(found) == (["x", "a", "c", "z", "y"], {})


def test_what_is_not_there_does_not_change_the_order():
    assert starting_order(manifests(a=(("missing",), ("gone",)))) == (["a"], {})


def test_plugins_that_require_one_another_are_stuck_and_the_others_go_on():
    order, stuck = starting_order(manifests(a=(("b",), ()), b=(("a",), ()), c=((), ())))

    assert order == ["c"]
    assert set(stuck) == {"a", "b"}
    assert "requires itself" in stuck["a"]


def test_a_preference_gives_way_to_a_requirement():
    assert starting_order(manifests(a=((), ("b",)), b=(("a",), ())))[0] == ["a", "b"]


def test_preferences_for_one_another_are_no_circle():
    assert starting_order(manifests(a=((), ("b",)), b=((), ("a",))))[0] == ["b", "a"]


def test_dependents_are_found_through_others():
    found = manifests(a=((), ()), b=(("a",), ()), c=(("b",), ()), d=((), ("a",)))

    assert dependents("a", found) == {"b", "c"}
