"""Makes torrents of files on this machine: one call that waits, or jobs that can be watched and cancelled."""
