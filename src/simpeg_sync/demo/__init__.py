"""The demo world: an invented SIMPEG, what BKN holds already, a day of edits, and the truth to judge by.

Nothing here imports another room of the product, so that the judge can't share a mistake with the judged.
"""
