"""Shows and makes directories of the daemon's machine, for programs that let people pick one."""
