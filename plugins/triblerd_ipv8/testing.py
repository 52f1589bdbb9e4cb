"""What tests of the overlay share."""

from collections.abc import Mapping

TEST_SETTINGS: Mapping[str, Mapping[str, object]] = {
    "ipv8": {"address": "127.0.0.1", "port": 0, "bootstrap": [], "walk_interval": 0.1, "walk_scaling_enabled": False},
}
"""Keeps a daemon under test to this machine, where it asks nobody, and walks at one pace however busy that is.

``triblerd.testing`` writes it into the settings.
"""
