"""What can be recognised in a SIMPEG that nobody here has seen: tables, persons, columns, codes; and how codes compare."""
