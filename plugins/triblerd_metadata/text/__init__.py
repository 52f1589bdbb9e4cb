"""What the words of a title are, and what a filter over titles means."""
