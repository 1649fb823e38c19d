"""Our own database: what has to be done, what left, what came of it. SQLite by default, PostgreSQL for several hosts."""
