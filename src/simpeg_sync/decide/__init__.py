"""Decisions as values: what to do, whether two sides agree, when again, how fast. No I/O, no clock, no chance."""
