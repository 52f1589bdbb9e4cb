"""What is done when a download is complete: a program is run, a server is told."""
