"""States of Deluge 2, and of 1.3 as far as they are alike."""
