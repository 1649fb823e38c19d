"""Neighbours in memory. They pass the same suites as the real ones, and they can lie and die on demand."""
