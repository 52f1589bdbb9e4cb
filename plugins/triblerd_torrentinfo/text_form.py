"""A torrent file as the text that clients read: JSON, in hex digits."""

import re
from binascii import hexlify

import msgspec

_INTEGER = re.compile(rb"i(-?\d+)e")
_LENGTH = re.compile(rb"(\d+):")


def text_of(raw: bytes) -> bytes:
    """Return the JSON form of a torrent file in hex digits. CPU-bound.

    Byte strings are text: UTF-8, or one code point for each byte where they are not. ``info.pieces`` is in hex digits.
    The hashes of pieces beside ``info`` (BEP 52) are left out: they are binary throughout, and as large as the rest.

    Args:
        raw: A file that the engine has parsed, so that its nesting has an end.

    Raises:
        ValueError: it is not bencoded.
    """
    if raw[:1] != b"d":
        msg = "a torrent file is a dictionary"
        raise ValueError(msg)
    writer = _Writer(raw)
    writer.dictionary(1, "torrent")
    return hexlify(writer.json)


class _Writer:
    """Turns bencoded values into JSON, one after the other.

    No objects are made of them: of a large torrent they would be a million, and whenever Python looks for garbage among
    them everything else stands still.

    Attributes:
        json: As far as it is written.
    """

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._encode = msgspec.json.Encoder().encode
        self.json = bytearray()

    def dictionary(self, start: int, name: str = "") -> int:
        """Write a dictionary; return where it ends.

        Args:
            start: Where its first key begins.
            name: ``torrent`` or ``info``, whose keys have a meaning.
        """
        raw, json = self._raw, self.json
        before = b"{"
        while raw[start : start + 1] != b"e":
            key, start = self._string(start)
            written = len(json)
            json += before + self._text(key) + b":"
            if name == "torrent" and key == b"info" and raw[start : start + 1] == b"d":
                start = self.dictionary(start + 1, "info")
            elif name == "info" and key == b"pieces" and raw[start : start + 1].isdigit():
                pieces, start = self._string(start)
                json += b'"' + hexlify(pieces) + b'"'
            else:
                start = self._value(start)
            if name == "torrent" and key == b"piece layers":
                del json[written:]
            else:
                before = b","
        json += b"{}" if before == b"{" else b"}"
        return start + 1

    def _list(self, start: int) -> int:
        before = b"["
        while self._raw[start : start + 1] != b"e":
            self.json += before
            start = self._value(start)
            before = b","
        self.json += b"[]" if before == b"[" else b"]"
        return start + 1

    def _value(self, start: int) -> int:
        kind = self._raw[start : start + 1]
        if kind == b"d":
            return self.dictionary(start + 1)
        if kind == b"l":
            return self._list(start + 1)
        if kind != b"i":
            content, end = self._string(start)
            self.json += self._text(content)
            return end
        number = _INTEGER.match(self._raw, start)
        if number is None:
            raise _nothing_at(start)
        self.json += self._encode(int(number[1]))
        return number.end()

    def _string(self, start: int) -> tuple[bytes, int]:
        length = _LENGTH.match(self._raw, start)
        end = length.end() + int(length[1]) if length is not None else start
        if length is None or end > len(self._raw):
            raise _nothing_at(start)
        return self._raw[length.end() : end], end

    def _text(self, content: bytes) -> bytes:
        try:
            return self._encode(content.decode())
        except UnicodeDecodeError:
            return self._encode(content.decode("latin-1"))


def _nothing_at(start: int) -> ValueError:
    return ValueError(f"no bencoded value begins at byte {start}")
