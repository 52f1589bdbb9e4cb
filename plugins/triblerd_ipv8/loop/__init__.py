"""The event loop that everything here runs on: its tasks, its lateness, what it complains of."""
