"""Builds circuits of other peers for anonymous downloads and hidden seeding, and is part of other people's."""
