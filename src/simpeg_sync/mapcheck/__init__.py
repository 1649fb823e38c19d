"""Is the mapping right? Asked of the live catalogue and of live rows, before anything is sent. Reads only."""
