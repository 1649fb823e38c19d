"""The naive loop: rows are read and posted, and nothing is remembered. With the engine's own HTTP adapter it is the *wire
limit*: no engine with that adapter can be faster.

``python -m bench.loops KIND SOURCE SERVER THREADS COUNT``. Kinds: an adapter of ours by its name, ``httpx-client`` (httpx's
own client and transport), ``socket`` (HTTP by hand on bare sockets: what the server itself can do).
"""

import argparse
import importlib
import json
import queue
import socket
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import psycopg

from bench.job import COLUMNS, TABLE, pns_id
from simpeg_sync.bkn.exchange import Answer, Exchange, Request
from simpeg_sync.bkn.httpx_exchange import HttpxExchange

PAGE = 500
WAITING_MAX = 4
DEADLINE_S = 30.0
HEADERS = {
    "Accept": "application/json",
    "Authorization": "Bearer " + "t" * 200,
    "Auth": "bearer " + "s" * 200,
    "Content-Type": "application/json",
}

Send = Callable[[str, bytes], int]
"""Posts a body to an address; gives the status."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind")
    parser.add_argument("source")
    parser.add_argument("server")
    parser.add_argument("threads", type=int)
    parser.add_argument("count", type=int)
    arguments = parser.parse_args()
    url = f"{arguments.server}/apisiasn/1.0/kursus/save"
    sender = senders(arguments.kind, arguments.threads)
    pages: queue.Queue[list[Any] | None] = queue.Queue(WAITING_MAX * arguments.threads)
    failed: list[BaseException] = []
    threads = [
        threading.Thread(target=post_all, args=(pages, sender, url, failed), daemon=True)
        for _ in range(arguments.threads)
    ]
    for thread in threads:
        thread.start()
    read_all(
        arguments.source, arguments.count, pages, share=max(1, min(PAGE, arguments.count // arguments.threads // 4))
    )
    for _ in threads:
        pages.put(None)
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def read_all(source: str, count: int, pages: "queue.Queue[list[Any] | None]", *, share: int) -> None:
    """Pages by key order, handed on in portions small enough that every thread has work up to the end."""
    with psycopg.connect(source, autocommit=True) as connection:
        after, left = 0, count
        while left > 0:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM {TABLE} WHERE id > %s ORDER BY id LIMIT %s", (after, min(PAGE, left))
            ).fetchall()
            if not rows:
                raise SystemExit(f"only {count - left} rows")
            after, left = rows[-1][0], left - len(rows)
            for first in range(0, len(rows), share):
                pages.put(rows[first : first + share])


def post_all(
    pages: "queue.Queue[list[Any] | None]", sender: Callable[[], Send], url: str, failed: list[BaseException]
) -> None:
    try:
        send = sender()
        while (rows := pages.get()) is not None:
            for row in rows:
                status = send(url, json.dumps(body_of(row), ensure_ascii=False).encode())
                if status != 200:
                    raise SystemExit(f"the server answered {status}")
    except BaseException as error:
        failed.append(error)
        while pages.get() is not None:
            pass


def body_of(row: Any) -> Mapping[str, Any]:
    """What our engine sends for the row, letter for letter as far as the server sees."""
    _, nip, nama, penyelenggara, nomor, jenis, jam, mulai, selesai = row
    return {
        "id": None,
        "instansiId": "D3A0000000000000000000000000D3A0",
        "institusiPenyelenggara": penyelenggara,
        "jenisDiklatId": jenis,
        "jenisKursusSertipikat": "T",
        "jumlahJam": jam,
        "namaKursus": nama,
        "nomorSertipikat": nomor,
        "pnsOrangId": pns_id(nip),
        "tahunKursus": selesai.year,
        "tanggalKursus": f"{mulai:%d-%m-%Y}",
        "tanggalSelesaiKursus": f"{selesai:%d-%m-%Y}",
    }


def senders(kind: str, threads: int) -> Callable[[], Send]:
    """Called once by each thread; what is shared between them is made here."""
    match kind:
        case "httpx-client":
            limits = httpx.Limits(max_connections=threads, max_keepalive_connections=threads)
            client = httpx.Client(headers=HEADERS, limits=limits, timeout=DEADLINE_S, trust_env=False)
            return lambda: lambda url, body: client.post(url, content=body).status_code
        case "socket":
            return by_hand
        case _:
            exchange = open_exchange(kind, threads)
            return lambda: lambda url, body: _status(exchange, url, body)


def open_exchange(adapter: str, threads: int) -> Exchange:
    if adapter == "httpx":
        return HttpxExchange(connections=threads + 1)
    # By name, since an installation need not have the package under it.
    opened: Exchange = importlib.import_module("simpeg_sync.bkn.pyreqwest_exchange").PyreqwestExchange(
        connections=threads + 1
    )
    return opened


def _status(exchange: Exchange, url: str, body: bytes) -> int:
    answer = exchange.send(Request("POST", url, HEADERS, body), deadline_s=DEADLINE_S)
    if not isinstance(answer, Answer):
        raise SystemExit(f"no answer: {answer.kind}")
    return answer.status


def by_hand() -> Send:
    connection: list[socket.socket] = []
    heads: dict[str, bytes] = {}

    def head_of(url: str) -> bytes:
        parts = urllib.parse.urlsplit(url)
        connection.append(socket.create_connection((parts.hostname or "", parts.port or 80)))
        connection[0].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", *(f"{n}: {v}" for n, v in HEADERS.items())]
        return ("\r\n".join(lines) + "\r\nContent-Length: ").encode()

    def send(url: str, body: bytes) -> int:
        if url not in heads:
            heads[url] = head_of(url)
        connection[0].sendall(b"%b%d\r\n\r\n%b" % (heads[url], len(body), body))
        return int(connection[0].recv(4096)[9:12])

    return send


if __name__ == "__main__":
    main()
