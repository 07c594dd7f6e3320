"""Exercises of part I, descent."""
