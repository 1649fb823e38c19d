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

# --------------------------------------------------------------------------------------------------------------- tokens

TOKEN = text("SELECT sealed, good_until FROM tokens WHERE login = :login AND sealed IS NOT NULL AND good_until > :now")

# One process renews at a time; who died while renewing loses its turn after a while.
BEGIN_RENEWAL = text("""
INSERT INTO tokens (login, good_until, renewed_by, renewing_until) VALUES (:login, 0, :owner, :until)
ON CONFLICT (login) DO UPDATE SET renewed_by = excluded.renewed_by, renewing_until = excluded.renewing_until
WHERE tokens.renewed_by IN ('', :owner) OR tokens.renewing_until <= :now OR tokens.renewing_until > :latest
""")

# A process that was overtaken while it renewed stores its token all the same: it is the newer one of BKN.
STORE_TOKEN = text("""
UPDATE tokens SET sealed = :sealed, good_until = :good_until, renewed_by = '', renewing_until = 0 WHERE login = :login
""")

NO_TOKEN = text("""
UPDATE tokens SET renewed_by = '', renewing_until = 0 WHERE login = :login AND renewed_by = :owner
""")

# Credentials that are no longer used leave nothing behind.
OLD_TOKENS = text("DELETE FROM tokens WHERE good_until < :long_ago AND renewing_until < :long_ago")
