"""Shows the inside of the running daemon to its administrator: files, threads, tasks, logs, memory, a profile."""
