"""Downloads: our taking part in torrents. Adds, watches, limits, moves and removes them, and serves ``/downloads``.

The engine does the work; this plugin knows what the user wants of each download, and has it on disk before it answers.
"""
