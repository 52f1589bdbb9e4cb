"""Tunnels for tests: a SOCKS5 server that relays on loopback and notes what for, and a plugin that offers it."""

from importlib.metadata import EntryPoint

CARRIER = EntryPoint("carrier", "tests.carrier.plugin", "triblerd")
