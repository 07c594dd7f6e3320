"""Shared ground: the data of the course, and the checks of what callers pass in."""
