"""The BitTorrent engine: sessions of libtorrent, their alerts as typed events, resume data in the store.

Nothing outside of this package imports libtorrent; ``triblerd_libtorrent.api`` is its face.
"""
