"""Feeds the parsers of what strangers send with bytes, led by what they cover: ``python overlay.py TARGET FOLDER …``.

What a parser refuses it may refuse; anything else that it raises, and anything that takes long, is a fault. The corpus
begins with packets as other programs write them.
"""

import contextlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["triblerd_discovery", "triblerd_metadata"]):
    from triblerd_discovery.blocks import MOST_BYTES, read_block
    from triblerd_discovery.messages import (
        Health,
        HealthRequest,
        MalformedError,
        Select,
        SelectResponse,
        TorrentsHealth,
        VersionResponse,
    )
    from triblerd_discovery.queries import MOST_ROWS, read_query
    from triblerd_metadata.wire import RecordFormatError, parse_records

from tests.plugins.discovery import vectors

_KINDS = (Health, HealthRequest, TorrentsHealth, VersionResponse, Select, SelectResponse)


def message(data: bytes) -> None:
    """Any message; the first byte says which."""
    kind = _KINDS[data[0] % len(_KINDS)] if data else Select
    try:
        read = kind.parse(data[1:])
    except MalformedError:
        return
    assert kind.parse(read.pack()) == read


def block(data: bytes) -> None:
    """An answer block, and the records in it."""
    with contextlib.suppress(MalformedError, RecordFormatError):
        records = read_block(data).records
        assert len(records) <= MOST_BYTES
        parse_records(records)


def records(data: bytes) -> None:
    """Records without a block around them."""
    with contextlib.suppress(RecordFormatError):
        parse_records(data)


def query(data: bytes) -> None:
    """The JSON of a question."""
    try:
        wanted = read_query(data, with_own=False)
    except MalformedError:
        return
    assert wanted is None or wanted.window.count <= MOST_ROWS


TARGETS: dict[str, tuple[Callable[[bytes], None], Iterable[bytes]]] = {
    "message": (
        message,
        [
            b"\x00" + vectors.HEALTH,
            b"\x01\x02",
            b"\x02" + vectors.TORRENTS_HEALTH,
            b"\x03" + vectors.VERSION_RESPONSE,
            b"\x04" + vectors.SELECT,
            b"\x05" + vectors.EMPTY_RESPONSE,
        ],
    ),
    "block": (block, [vectors.ANSWER_BLOCK, vectors.EMPTY_RESPONSE[4:]]),
    "records": (records, [vectors.R1, vectors.R2, vectors.R1 + vectors.R2]),
    "query": (
        query,
        [vectors.SELECT[6:], vectors.SELECT_RECORD[6:], b'{"channel_pk":"00","tags":["a"],"sort_by":"size"}'],
    ),
}


def main() -> None:
    """Fuzz one target, named first; then comes the folder of the corpus, then options of libFuzzer."""
    target, seeds = TARGETS[sys.argv[1]]
    corpus = Path(sys.argv[2])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
