"""The statements of the shared books and the shared tokens, by what they do."""

from sqlalchemy import text

# ---------------------------------------------------------------------------------------------------------------- books

NEW_BOOKS = text("INSERT INTO budget (account, books) VALUES (:account, :books) ON CONFLICT (account) DO NOTHING")

BOOKS = text("SELECT books FROM budget WHERE account = :account")

# SQLite has one writer at a time; PostgreSQL locks the row, so that grants come one after the other.
LOCK_BOOKS = text("SELECT books FROM budget WHERE account = :account FOR UPDATE")

# After the lock: the time at which it was got, not at which the transaction began.
SERVER_CLOCK = text("SELECT extract(epoch FROM clock_timestamp())")

STORE_BOOKS = text("UPDATE budget SET books = :books WHERE account = :account")
