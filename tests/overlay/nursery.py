"""Forks a process for each foreign node: what all need is imported once.

``python -m tests.overlay.nursery SOCKET`` takes one line of JSON for each node that is wanted. It ends, and with it
all its nodes, when its standard input does.
"""

import asyncio
import json
import os
import signal
import sys

from tests.overlay import node


def main(socket_name: str) -> None:
    """Fork nodes until nobody wants any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps them
    for line in sys.stdin:
        config = json.loads(line)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # the nursery's input ends for itself alone
            asyncio.run(node.run(config, socket_name))
            os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
