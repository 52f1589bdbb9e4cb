"""Shows the last records of the log and reads its files, without secrets, and sets what is logged while it runs."""
