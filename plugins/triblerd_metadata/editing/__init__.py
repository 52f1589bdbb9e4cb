"""What clients do with single entries: look at them, change them, move them, delete them."""
