"""From the bytes of a feed to its text, whatever the server and the feed say of them."""

import codecs
import re

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_KNOWN = frozenset(
    {
        *(f"iso8859-{number}" for number in (*range(1, 12), *range(13, 17))),
        *(f"cp{number}" for number in (437, 850, 866, *range(1250, 1259))),
        *("koi8-r", "koi8-u", "gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "iso2022_jp"),
    }
)
"""By Python's names. Others that it has are no encodings of texts, or take a time that is no line of their length."""
_LAST = "cp1252"


def text_of(body: bytes, charset: str = "") -> str:
    """Return the text that some bytes are.

    A mark at the beginning counts most (RFC 7303). What is UTF-8 is nothing else by accident, so it comes before what
    the feed says of itself, and that before what the server says of it, which is most often a default.

    Args:
        body: The bytes.
        charset: What the server says; may be empty or nonsense.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.decode(encoding, errors="replace")
    declared = _DECLARED.match(body)
    for encoding in ("utf-8", _known(declared[1].decode() if declared else ""), _known(charset)):
        if encoding:
            try:
                return body.decode(encoding)
            except UnicodeDecodeError:
                continue
    # A feed that was cut, or has one wrong byte, is nearly always what it says that it is.
    said = declared[1].decode().lower() if declared else charset.lower()
    return body.decode("utf-8" if said in {"utf-8", "utf8"} else _LAST, errors="replace")


def _known(label: str) -> str:
    try:
        name = codecs.lookup(label).name if label else ""
    except (LookupError, ValueError):
        return ""
    return name if name in _KNOWN else ""
