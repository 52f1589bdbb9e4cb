"""The process that hashes: reads an order from its standard input, and writes its replies to its standard output.

It ends when its input does, so that it does not outlive the daemon, however that ended.
"""

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import BinaryIO

import msgspec

from triblerd.errors import TriblerdError
from triblerd_createtorrent.hashing import hash_files
from triblerd_createtorrent.messages import LENGTH_BYTES, Failed, Hashed, Made, Order, Reply, frame
from triblerd_createtorrent.writing import torrent_file


def main() -> None:
    """Do one order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the daemon ends us, also on Ctrl-C
    with suppress(OSError):  # some containers forbid it
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # the daemon goes first: it needs little, at once
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # nobody reads any more: end without a word
    try:
        order = _read_order(sys.stdin.buffer)
    except msgspec.DecodeError:  # the daemon ended before it had sent all of it
        sys.exit(1)
    threading.Thread(target=_end_with_daemon, daemon=True).start()
    _reply(_done(order))


def _read_order(pipe: BinaryIO) -> Order:
    length = int.from_bytes(pipe.read(LENGTH_BYTES))
    return msgspec.msgpack.decode(pipe.read(length), type=Order)


def _done(order: Order) -> Reply:
    try:
        layout, hashes = hash_files(order.recipe, threads=order.threads, progress=lambda hashed: _reply(Hashed(hashed)))
        return Made(torrent_file(order.recipe, layout, hashes))
    except TriblerdError as error:
        return Failed(type(error).__name__, str(error))


def _reply(message: Reply) -> None:
    sys.stdout.buffer.write(frame(message))
    sys.stdout.buffer.flush()


def _end_with_daemon() -> None:
    os.read(sys.stdin.fileno(), 1)  # nothing more comes: it returns at the end
    os._exit(1)


if __name__ == "__main__":
    main()
