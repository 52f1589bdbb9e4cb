"""Values of files that other programs wrote, by their keys. What is missing, or of another kind, counts as missing."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite


class Fields:
    """A dictionary of bencoding, JSON or a pickle.

    Args:
        values: Its keys may be text or bytes.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    @classmethod
    def of(cls, value: object) -> "Fields":
        """Return the fields of a value.

        Raises:
            ValueError: it is no dictionary.
        """
        if not isinstance(value, Mapping):
            msg = "it holds no dictionary"
            raise ValueError(msg)  # noqa: TRY004  # the content is wrong, not the type of the argument
        return cls({text_of(key): item for key, item in value.items()})

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def text(self, key: str, otherwise: str = "") -> str:
        """Return a text."""
        value = self._values.get(key)
        return text_of(value) if isinstance(value, str | bytes) else otherwise

    def raw(self, key: str) -> bytes:
        """Return bytes; empty when they are missing."""
        value = self._values.get(key)
        return value if isinstance(value, bytes) else b""

    def number(self, key: str, otherwise: int = 0) -> int:
        """Return an integer; one that was written as a text or a fraction counts, too."""
        return integer_of(self._values.get(key), otherwise)

    def fraction(self, key: str, otherwise: float = 0.0) -> float:
        """Return a finite number."""
        return number_of(self._values.get(key), otherwise)

    def flag(self, key: str, *, otherwise: bool = False) -> bool:
        """Return a flag."""
        value = self._values.get(key)
        return bool(value) if isinstance(value, int | float) else otherwise

    def list(self, key: str) -> Sequence[object]:
        """Return a list; empty when it is missing."""
        value = self._values.get(key)
        return value if isinstance(value, list | tuple) else ()

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the texts of a list, without empty ones."""
        return tuple(text_of(item) for item in self.list(key) if isinstance(item, str | bytes) and item)

    def fields(self, key: str) -> "Fields":
        """Return a dictionary inside this one; an empty one when it is missing."""
        value = self._values.get(key)
        return Fields.of(value) if isinstance(value, Mapping) else Fields({})

    def value(self, key: str) -> object:
        """Return whatever it is, ``None`` when it is missing."""
        return self._values.get(key)


def text_of(value: object) -> str:
    """Return a text, with signs of replacement for what is no UTF-8."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def number_of(value: object, otherwise: float = 0.0) -> float:
    """Return a finite number, which may be written as a text."""
    try:
        number = float(value) if isinstance(value, int | float | str | bytes) else otherwise
    except (ValueError, OverflowError):
        return otherwise
    return number if isfinite(number) else otherwise


def integer_of(value: object, otherwise: int = 0) -> int:
    """Return an integer, which may be written as a text or a fraction."""
    return value if isinstance(value, int) else int(number_of(value, otherwise))
