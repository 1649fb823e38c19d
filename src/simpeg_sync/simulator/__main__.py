"""The process: builds the parts, opens the two ports, says where they are, and ends promptly when told to."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from . import fields
from .api import Api
from .bkn import Bkn
from .books import Books
from .classic import tables as classic_tables
from .classic.api import ClassicApi
from .classic.reading import Reading
from .classic.routes import ClassicRouter
from .classic.saving import Saving
from .classic.tokens import ClassicTokens
from .control import Control, Parts
from .decrees import Decrees
from .dialects import Dialects
from .faults import Faults
from .http import Listener, Signal
from .people import People
from .queries import Queries
from .references import References
from .refusals import Refusals
from .resources import Resources
from .routes import Router
from .settings import LiveSettings, UnknownSetting
from .store import Store
from .tokens import Tokens
from .uploads import Uploads
from .views import Views


def main(arguments: Sequence[str] | None = None) -> int:
    """`arguments`: instead of the command line's. The exit code: 2 for bad settings, 1 for a port or a state in use."""
    args = _arguments(arguments)
    try:
        live = LiveSettings(json.loads(Path(args.settings).read_text(encoding="utf-8")) if args.settings else {})
    except (UnknownSetting, OSError, ValueError) as problem:
        print(f"{args.settings}: {problem}", file=sys.stderr)
        return 2
    stopping = Signal()
    if args.until_stdin_closes:
        threading.Thread(target=_stop_at_end_of_stdin, args=(stopping,), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    try:
        store = Store(args.state)
        main_port, control_port = build(store, live, args.port, args.control_port, stopping)
        main_port.open()
        control_port.open()
    except (OSError, sqlite3.Error) as problem:
        print(f"cannot start: {problem}", file=sys.stderr)
        return 1
    _say_where({"url": main_port.url, "control_url": control_port.url}, args.ready_file)
    stopping.wait()
    main_port.close()
    control_port.close()
    store.close()
    return 0


def build(
    store: Store, live: LiveSettings, port: int, control_port: int, stopping: Signal
) -> tuple[Listener, Listener]:
    tables = fields.load()
    books, faults, refusals = Books(store), Faults(), Refusals()
    tokens = Tokens(store, live, books.count_login)
    uploads, references = Uploads(store, tables, live), References(store, tables)
    views = Views(tables, references)
    api = Api(
        store=store,
        live=live,
        tokens=tokens,
        people=People(store, tables, live, views, refusals, uploads),
        resources=Resources(store, tables, live, refusals, references, views, uploads),
        queries=Queries(store, live, views, references),
        uploads=uploads,
        decrees=Decrees(store, live, uploads),
    )
    router = Router(tables, lambda: live.now.base_paths)
    classic = classic_tables.load(tables)
    classic_tokens = ClassicTokens(store, live, books.count_login)
    classic_api = ClassicApi(store, classic_tokens, Reading(store, classic, live), Saving(store, live, refusals))
    dialects = Dialects(api, router, classic_api, ClassicRouter(classic, lambda: live.now))
    bkn = Bkn(api=dialects, books=books, faults=faults, live=live)
    main_port = Listener(port, bkn.serve, stopping)
    parts = Parts(
        store,
        tables,
        live,
        tokens,
        uploads,
        references,
        books,
        faults,
        refusals,
        bkn,
        main_port,
        stopping,
        classic_tokens,
    )
    return main_port, Listener(control_port, Control(parts).serve, stopping)


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simpeg_sync.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of the simulated BKN; 0 takes a free one")
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--state", default=":memory:", help="SQLite file; without it nothing outlives the process")
    parser.add_argument("--settings", help="JSON file, see docs/simulator.md")
    parser.add_argument("--ready-file", help="gets the ready line once both ports are open")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end together with the parent process")
    return parser.parse_args(given)


def _stop_at_end_of_stdin(stopping: Signal) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stopping.set()


def _say_where(urls: dict[str, str], ready_file: str | None) -> None:
    line = json.dumps(urls)
    if ready_file:
        draft = Path(f"{ready_file}.{os.getpid()}")
        draft.write_text(line + "\n", encoding="utf-8")
        draft.replace(ready_file)
    print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
