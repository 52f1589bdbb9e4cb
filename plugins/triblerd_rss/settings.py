"""The plugin's settings as they are now; they may change while it runs."""

from triblerd_rss.config import RssConfig


class RssSettings:
    """The section, always the present one.

    Attributes:
        config: ``[rss]``.
    """

    def __init__(self, config: RssConfig) -> None:
        self.config = config
