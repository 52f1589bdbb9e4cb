"""States of qBittorrent 4.5 and 5."""
