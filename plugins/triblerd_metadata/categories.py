"""Categories by number."""

from collections.abc import Iterable


class Categories:
    """The texts of all categories there ever were, each with its number.

    Attributes:
        texts: By number; the first one is empty. It only grows.
    """

    def __init__(self) -> None:
        self.texts: list[str] = [""]
        self._numbers = {"": 0}

    def number(self, text: str) -> int | None:
        """Return the number of a category, ``None`` if there never was one of that name."""
        return self._numbers.get(text)

    def append(self, texts: Iterable[str]) -> None:
        """Give the next numbers to new texts."""
        for text in texts:
            self._numbers[text] = len(self.texts)
            self.texts.append(text)
