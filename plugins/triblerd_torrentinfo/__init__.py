"""Tells what is in a torrent before anybody downloads it: of a link, an address, a file or an upload."""
