"""The bare loop that latency is measured against: LISTEN, read the row, post it; nothing is remembered.

``python -m bench.listen ADAPTER SOURCE SERVER``. Until it is killed.
"""

import argparse
import json

import psycopg

from bench.job import COLUMNS, TABLE
from bench.loops import DEADLINE_S, HEADERS, body_of, open_exchange
from simpeg_sync.bkn.exchange import Request

CHANNEL = "bench"
TRIGGER = f"""
CREATE FUNCTION bench_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('{CHANNEL}', NEW.id::text); RETURN NULL; END $$;
CREATE TRIGGER bench_notify AFTER INSERT OR UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION bench_notify();
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("adapter")
    parser.add_argument("source")
    parser.add_argument("server")
    arguments = parser.parse_args()
    exchange, url = open_exchange(arguments.adapter, 1), f"{arguments.server}/apisiasn/1.0/kursus/save"
    with (
        psycopg.connect(arguments.source, autocommit=True) as listening,
        psycopg.connect(arguments.source, autocommit=True) as reading,
    ):
        listening.execute(f"LISTEN {CHANNEL}")
        for notice in listening.notifies():
            row = reading.execute(f"SELECT {COLUMNS} FROM {TABLE} WHERE id = %s", (int(notice.payload),)).fetchone()
            body = json.dumps(body_of(row), ensure_ascii=False).encode()
            exchange.send(Request("POST", url, HEADERS, body), deadline_s=DEADLINE_S)


if __name__ == "__main__":
    main()
