"""The classic SAPK dialect (`wsrv*`): other doors, names and envelopes before the same persons and rows.

Nothing outside this folder knows the dialect, except that it is there.
"""
