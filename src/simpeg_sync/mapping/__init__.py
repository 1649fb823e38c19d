"""A feed's expressions turn a local row into the body BKN wants, from configuration alone. Pure: rows in, values out."""
