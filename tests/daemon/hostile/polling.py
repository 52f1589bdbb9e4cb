"""Asks a daemon for its health again and again, in a process of its own, which the tests' own work does not slow down.

For each line on its standard input it prints the longest that an answer has taken since the line before, in seconds.
"""

import http.client
import select
import sys
import time

PAUSE_SECONDS = 0.01


def main() -> None:
    """Poll the port that is named as the argument until the input ends."""
    link = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=30)
    longest = 0.0
    while True:
        started = time.perf_counter()
        link.request("GET", "/healthz")
        link.getresponse().read()
        longest = max(longest, time.perf_counter() - started)
        if select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
            if not sys.stdin.readline():
                return
            sys.stdout.write(f"{longest}\n")
            sys.stdout.flush()
            longest = 0.0


if __name__ == "__main__":
    main()
