"""Lists of trackers for public torrents: one URL a line, as they are published."""

import logging

from triblerd_downloads.swarm.addresses import is_tracker

log = logging.getLogger(__name__)

MOST_BYTES = 1024 * 1024
MOST_URLS = 500
"""Those that stand first are taken."""


def parse_list(raw: bytes, source: str) -> tuple[str, ...]:
    """Return the announce URLs of a list, each once; blank lines and comments (``#``) are passed over.

    Args:
        raw: The text, UTF-8.
        source: What it is called in the log, where lines are told of that are neither.
    """
    lines = [line.strip() for line in raw.decode(errors="replace").lstrip("\ufeff").splitlines()]
    wanted = [line for line in lines if line and not line.startswith("#")]
    urls = tuple(dict.fromkeys(line for line in wanted if is_tracker(line)))
    if rubbish := [line for line in wanted if not is_tracker(line)]:
        log.warning("%s: %d lines name no tracker, the first is %r", source, len(rubbish), rubbish[0][:100])
    if len(urls) > MOST_URLS:
        log.warning("%s: only the first %d of %d trackers are used", source, MOST_URLS, len(urls))
    return urls[:MOST_URLS]
