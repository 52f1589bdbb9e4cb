"""How many seeders and leechers torrents have: asks trackers, the DHT and our own sessions, chooses, tells."""
