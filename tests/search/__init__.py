"""All interleavings of one record, two workers and a bad network, against the real decision code.

`worker.py` runs the real pipeline on recorded answers, `ledger.py`, `network.py` and `world.py` answer it, `explore.py` goes
everywhere and `rules.py` says what must be true there. `desk.py` plays the same steps on the real ledger.
"""
