"""kill -9 at random moments of the demo's day: what is left at BKN must be the same as without."""
