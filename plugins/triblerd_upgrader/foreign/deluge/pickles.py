"""Reading a pickle without running it.

A pickle is a program. This is no unpickler that forbids some of it, but a machine that can only put plain values
together: it imports nothing, calls nothing, and stops at the first instruction that it does not know. Objects of the
two classes that the real file names become their attributes.
"""

import re
import struct
from collections.abc import Callable
from typing import Any, NoReturn

LARGEST = 64 << 20

_MODULE = b"deluge.core.torrentmanager"
_CLASSES = frozenset({b"TorrentManagerState", b"TorrentState"})
_LONGEST_LINE = 1 << 20
_MOST_ATTRIBUTES = 1000
_LONGEST_NUMBER = 32  # bytes, or digits
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)", re.DOTALL)
_SIGNS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_BOOLEANS = {b"00": False, b"01": True}


class Attributes:
    """What was an object of one of the two classes.

    Attributes:
        values: Its attributes; objects may share them, as anything in a pickle may stand in several places.
    """

    def __init__(self) -> None:
        self.values: dict[str | int, object] = {}


class _Class:
    """Stands for one of the two classes, and can do nothing."""


def read_pickle(raw: bytes) -> Any:
    """Return what a pickle holds: plain values, and ``Attributes`` of the objects.

    Raises:
        ValueError: it is damaged, or is not one that Deluge writes.
    """
    if len(raw) > LARGEST:
        msg = f"it has more than {LARGEST} bytes"
        raise ValueError(msg)
    try:
        return _Machine(raw).run()
    except (IndexError, KeyError, TypeError, struct.error) as error:  # an instruction that found something else
        msg = "it is no pickle, or ends too early"
        raise ValueError(msg) from error


class _Machine:
    """Values, the places where lists of them begin, and what is remembered by number."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._place = 0
        self._values: list[Any] = []
        self._marks: list[int] = []
        self._memory: dict[int, Any] = {}

    def run(self) -> Any:
        while True:
            code = self._take(1)
            if code == b".":
                return self._values.pop()
            instruction = _INSTRUCTIONS.get(code)
            if instruction is None:
                msg = f"its instruction {code!r} at byte {self._place - 1} is none that is allowed"
                raise ValueError(msg)
            instruction(self)

    # --- reading ---------------------------------------------------------------------------------------------------

    def _take(self, count: int) -> bytes:
        end = self._place + count
        if end > len(self._raw) or count < 0:
            _refuse("it ends too early")
        part = self._raw[self._place : end]
        self._place = end
        return part

    def _unpacked(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _line(self) -> bytes:
        end = self._raw.find(b"\n", self._place, self._place + _LONGEST_LINE)
        if end < 0:
            _refuse("it ends too early")
        line = self._raw[self._place : end]
        self._place = end + 1
        return line

    def _short_line(self) -> bytes:
        line = self._line()
        if len(line) > _LONGEST_NUMBER:
            _refuse("a number has too many digits")
        return line

    # --- values ----------------------------------------------------------------------------------------------------

    def push(self, value: object) -> None:
        self._values.append(value)

    def version(self) -> None:
        self._take(1)

    def packed(self, form: str) -> None:
        self.push(self._unpacked(form))

    def text(self, form: str) -> None:
        self.push(self._take(self._unpacked(form)).decode(errors="replace"))

    def quoted(self) -> None:
        line = self._line().strip()
        self.push(_ESCAPE.sub(_unescaped, line[1:-1]).decode(errors="replace"))

    def escaped(self) -> None:
        self.push(self._line().decode("raw_unicode_escape"))

    def integer(self) -> None:
        line = self._short_line()
        self.push(_BOOLEANS[line] if line in _BOOLEANS else int(line.rstrip(b"L")))

    def fraction(self) -> None:
        self.push(float(self._short_line()))

    def long(self) -> None:
        size = self._unpacked("B")
        if size > _LONGEST_NUMBER:
            _refuse("a number has too many digits")
        self.push(int.from_bytes(self._take(size), "little", signed=True))

    # --- collections -----------------------------------------------------------------------------------------------

    def mark(self) -> None:
        self._marks.append(len(self._values))

    def _since_mark(self) -> list[Any]:
        start = self._marks.pop()
        found = self._values[start:]
        del self._values[start:]
        return found

    def tuple_of(self, count: int) -> None:
        if len(self._values) < count:
            _refuse("it ends too early")
        found = tuple(self._values[len(self._values) - count :])
        del self._values[len(self._values) - count :]
        self.push(found)

    def tuple_since_mark(self) -> None:
        self.push(tuple(self._since_mark()))

    def list_since_mark(self) -> None:
        self.push(self._since_mark())

    def dictionary_since_mark(self) -> None:
        items = self._since_mark()
        self.push({})
        self._set(self._values[-1], items)

    def append(self) -> None:
        item = self._values.pop()
        self._list().append(item)

    def extend(self) -> None:
        items = self._since_mark()
        self._list().extend(items)

    def set_item(self) -> None:
        value, key = self._values.pop(), self._values.pop()
        self._set(self._values[-1], [key, value])

    def set_items(self) -> None:
        items = self._since_mark()
        self._set(self._values[-1], items)

    def _list(self) -> list[Any]:
        top = self._values[-1]
        return top if type(top) is list else _refuse("it appends to what is no list")

    def _set(self, target: Any, items: list[Any]) -> None:
        if type(target) is not dict or len(items) % 2:
            _refuse("it sets keys of what is no dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str | int):
                _refuse("a key is neither a text nor a number")
            target[key] = value

    # --- objects ---------------------------------------------------------------------------------------------------

    def class_by_lines(self) -> None:
        module, name = self._line(), self._line()
        if module != _MODULE or name not in _CLASSES:
            msg = f"it names {module.decode(errors='replace')[:60]}.{name.decode(errors='replace')[:60]}"
            raise ValueError(msg)
        self.push(_Class())

    def new_object(self) -> None:
        arguments, named = self._values.pop(), self._values.pop()
        self._make(named, arguments)

    def object_since_mark(self) -> None:
        named, *arguments = self._since_mark()
        self._make(named, tuple(arguments))

    def object_by_lines(self) -> None:
        arguments = self._since_mark()
        self.class_by_lines()
        self._make(self._values.pop(), tuple(arguments))

    def _make(self, named: object, arguments: object) -> None:
        if not isinstance(named, _Class) or arguments != ():
            _refuse("it makes an object of what is no class, or with arguments")
        self.push(Attributes())

    def build(self) -> None:
        state, target = self._values.pop(), self._values[-1]
        if not isinstance(target, Attributes) or type(state) is not dict or len(state) > _MOST_ATTRIBUTES:
            _refuse("it gives attributes to what is no object, or too many")
        target.values = state

    # --- memory ----------------------------------------------------------------------------------------------------

    def remember(self, number: int) -> None:
        self._memory[number] = self._values[-1]

    def recall(self, number: int) -> None:
        self.push(self._memory[number])

    def numbered(self, form: str) -> int:
        return int(self._unpacked(form)) if form else int(self._short_line())

    def memorize(self) -> None:
        self.remember(len(self._memory))


def _unescaped(match: re.Match[bytes]) -> bytes:
    sign = match[1]
    if sign[:1] == b"x" and len(sign) > 1:
        return bytes([int(sign[1:], 16)])
    if sign.isdigit() and sign < b"8":
        return bytes([int(sign, 8) & 0xFF])
    return _SIGNS.get(sign, sign)


def _refuse(reason: str) -> NoReturn:
    raise ValueError(reason)


_INSTRUCTIONS: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": _Machine.version,
    b"N": lambda machine: machine.push(None),
    b"\x88": lambda machine: machine.push(True),
    b"\x89": lambda machine: machine.push(False),
    b"J": lambda machine: machine.packed("<i"),
    b"K": lambda machine: machine.packed("B"),
    b"M": lambda machine: machine.packed("<H"),
    b"G": lambda machine: machine.packed(">d"),
    b"\x8a": _Machine.long,
    b"I": _Machine.integer,
    b"L": _Machine.integer,
    b"F": _Machine.fraction,
    b"X": lambda machine: machine.text("<I"),
    b"\x8c": lambda machine: machine.text("B"),
    b"T": lambda machine: machine.text("<i"),
    b"U": lambda machine: machine.text("B"),
    b"S": _Machine.quoted,
    b"V": _Machine.escaped,
    b"(": _Machine.mark,
    b")": lambda machine: machine.push(()),
    b"]": lambda machine: machine.push([]),
    b"}": lambda machine: machine.push({}),
    b"t": _Machine.tuple_since_mark,
    b"\x85": lambda machine: machine.tuple_of(1),
    b"\x86": lambda machine: machine.tuple_of(2),
    b"\x87": lambda machine: machine.tuple_of(3),
    b"l": _Machine.list_since_mark,
    b"d": _Machine.dictionary_since_mark,
    b"a": _Machine.append,
    b"e": _Machine.extend,
    b"s": _Machine.set_item,
    b"u": _Machine.set_items,
    b"c": _Machine.class_by_lines,
    b"i": _Machine.object_by_lines,
    b"o": _Machine.object_since_mark,
    b"\x81": _Machine.new_object,
    b"b": _Machine.build,
    b"q": lambda machine: machine.remember(machine.numbered("B")),
    b"r": lambda machine: machine.remember(machine.numbered("<I")),
    b"p": lambda machine: machine.remember(machine.numbered("")),
    b"\x94": _Machine.memorize,
    b"h": lambda machine: machine.recall(machine.numbered("B")),
    b"j": lambda machine: machine.recall(machine.numbered("<I")),
    b"g": lambda machine: machine.recall(machine.numbered("")),
}
