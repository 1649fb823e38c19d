"""simpeg-sync: what is verified once in SIMPEG arrives at BKN by itself, exactly once."""

__version__ = "0.1.0"
