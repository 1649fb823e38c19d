"""The words of the product as plain values: what a record, a change, an outcome and an error are.

Nothing here knows a database, a network or a clock.
"""
