"""dlt with a custom destination, one row a call, and httpx on its load threads.

``dlt_job.py prepare|work SOURCE URL BODIES IN_FLIGHT``; ends by itself. It reads the table; nothing is enqueued.
"""

import json
import os
import sys
import tempfile

HEADERS = {
    "Accept": "application/json",
    "Authorization": "Bearer " + "t" * 200,
    "Auth": "bearer " + "s" * 200,
    "Content-Type": "application/json",
}
WHAT, SOURCE, URL, _, IN_FLIGHT = *sys.argv[1:5], int(sys.argv[5])


def work() -> None:
    import psycopg

    with psycopg.connect(SOURCE) as connection:
        count = connection.execute("SELECT count(*) FROM riwayat_kursus").fetchone()[0]  # type: ignore[index]
    os.environ |= {
        "LOAD__WORKERS": str(IN_FLIGHT), "NORMALIZE__WORKERS": "1", "RUNTIME__LOG_LEVEL": "ERROR",
        "RUNTIME__DLTHUB_TELEMETRY": "false", "DATA_WRITER__FILE_MAX_ITEMS": str(max(1, count // IN_FLIGHT)),
    }  # fmt: skip
    import dlt
    import httpx

    http = httpx.Client(headers=HEADERS, limits=httpx.Limits(max_connections=IN_FLIGHT))

    @dlt.resource(name="kursus")
    def rows():  # type: ignore[no-untyped-def]
        with psycopg.connect(SOURCE) as connection, connection.cursor("rows") as cursor:
            for id_, nomor, nama in cursor.execute("SELECT id, nomor, nama FROM riwayat_kursus ORDER BY id"):
                yield {"id": id_, "nomorSertipikat": nomor, "namaKursus": nama}

    @dlt.destination(batch_size=1, loader_file_format="typed-jsonl", naming_convention="direct", max_table_nesting=0)
    def bkn(items, table) -> None:  # type: ignore[no-untyped-def]
        http.post(URL, content=json.dumps(items[0], default=str)).raise_for_status()

    with tempfile.TemporaryDirectory() as folder:
        dlt.pipeline("bench", destination=bkn, pipelines_dir=folder).run(rows())


if WHAT == "work":
    work()
