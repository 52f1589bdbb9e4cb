"""Tests of how fast circuits are."""
