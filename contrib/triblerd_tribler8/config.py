"""The section ``[tribler8]``."""

from triblerd.config import Section


class Tribler8Config(Section):
    """What concerns clients of version 8 alone."""
