"""The settings of one installation: read once, checked once, all problems reported together, handed on as values."""
