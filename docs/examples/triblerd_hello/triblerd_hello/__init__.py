"""Greets whoever asks, and counts the greetings. A whole plugin for triblerd, to learn from."""
