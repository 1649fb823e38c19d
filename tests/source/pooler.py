"""What PgBouncer does to the start of a session, as far as a client can see it: the key is not the server's."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa


@contextmanager
def pooler_before(url: str) -> Iterator[str]:
    """The URL by which the same database is reached through it."""
    server = sa.make_url(url)
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_serve, args=(door, (server.host, server.port)), daemon=True).start()
        yield server.set(port=door.getsockname()[1]).render_as_string(hide_password=False)
        with suppress(OSError):
            door.shutdown(socket.SHUT_RDWR)


def _serve(door: socket.socket, server: tuple[str | None, int | None]) -> None:
    with suppress(OSError):
        while True:
            client, _ = door.accept()
            behind = socket.create_connection(server)
            for source, target, changed in ((client, behind, bytes), (behind, client, _with_another_key)):
                threading.Thread(target=_carry, args=(source, target, changed), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket, changed: Callable[[bytes], bytes]) -> None:
    with suppress(OSError), source, target:
        while data := source.recv(65536):
            target.sendall(changed(data))


def _with_another_key(data: bytes) -> bytes:
    place = data.find(b"K\x00\x00\x00\x0c")
    return data if place < 0 else data[: place + 5] + b"\x7f\x00\x00\x01" + data[place + 9 :]
