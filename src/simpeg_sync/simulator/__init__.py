"""A stand-in for BKN's web services: odd where BKN is odd, able to fail as a network can, and its own judge.

It runs as a process of its own and imports nothing from the rest of simpeg_sync, so that it can't share our
mistakes.
"""
