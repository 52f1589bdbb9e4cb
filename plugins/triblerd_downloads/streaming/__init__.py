"""Files sent while they are being downloaded, for players: the pieces that are watched next come first."""
