"""The content-discovery overlay: searches at other peers, answers to theirs, gossip of which torrents are alive."""
