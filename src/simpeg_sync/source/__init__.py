"""The edge to SIMPEG's database: reading its rows and noticing that they changed."""
