import pytest

from triblerd.config import to_plain
from triblerd_tunnels.config import TunnelCommunity


def test_the_documented_section_has_each_key_with_its_default():
    assert to_plain(TunnelCommunity.empty()) == {
        "enabled": True,
        "exitnode_enabled": False,
        "random_slots": 5,
        "competing_slots": 15,
        "testnet": False,
        "min_circuits": 3,
        "max_circuits": 10,
    }


@pytest.mark.parametrize("value", ["true", "1"])
def test_a_variable_changes_the_default_of_the_test_network(monkeypatch, value):
    monkeypatch.setenv("TUNNEL_TESTNET", value)

    assert TunnelCommunity.empty().testnet is True
