"""The commands that the kernel itself brings. They start fast: what one of them needs is imported inside of it."""
