"""The event streams: what happens in the daemon, told to every client that keeps ``GET /events`` open."""
