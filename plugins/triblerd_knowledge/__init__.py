"""Remembers what people say about torrents: tags and other statements."""
