"""What tests of the overlay share."""

from collections.abc import Mapping

TEST_SETTINGS: Mapping[str, Mapping[str, object]] = {
    "ipv8": {"address": "127.0.0.1", "port": 0, "bootstrap": [], "walk_interval": 0.1, "walk_scaling_enabled": False},
}
"""What keeps a daemon under test to this machine, and has it ask nobody, and walk at the same pace on a busy one; ``triblerd.testing`` writes it."""
