"""Grading of many submissions in a sandbox."""
