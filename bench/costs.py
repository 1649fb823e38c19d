"""What the daemon costs beside the calls: memory against backlog, an idle day, the start.

CPU and ledger bytes of a change are taken from the runs of `throughput`.
"""

import time
from typing import Any

from bench.engine import FAST, new_engine
from bench.ground import Figure, Ground

IN_FLIGHT = 16
DELIVER_S = 20.0
IDLE_S = 20.0
SETTLE_S = 5.0
"""After the start, before idling is measured."""


def memory(ground: Ground) -> list[Figure]:
    """Peak of a daemon that marks a backlog, and of one that works on it for a while."""
    backlogs = (200,) if ground.quick else (10_000, 100_000, 1_000_000)
    figures = []
    for backlog in backlogs:
        simpeg = ground.new_simpeg(backlog)
        for adapter in ground.adapters:
            found = peaks(ground, simpeg.url, adapter, backlog)
            name = f"backlog {backlog:,}, {adapter}"
            facts = {"backlog": backlog, "adapter": adapter, "in_flight": IN_FLIGHT, **found}
            figures.append(Figure("memory", name, "MiB", [max(found["marking"], found["working"])], facts))
            ground.tell(f"memory: {name}: {found}")
    return figures


def peaks(ground: Ground, source_url: str, adapter: str, backlog: int) -> dict[str, Any]:
    run = ground.bkn.new_run()
    ours = new_engine(
        bkn_url=ground.bkn.url(run), source_url=source_url, ledger_url=None, in_flight=IN_FLIGHT, adapter=adapter
    )
    try:
        ours.command("db", "upgrade")
        ours.command("source", "install")
        # Without an approval nothing is sent: it notes everything that is there, and ends.
        marking = ours.run_once(limit_s=1800)
        ours.command("plan", "--look", "0")
        ours.command("plan", "--approve", "--reason", "bench")
        with ours.start("run") as daemon:
            ground.bkn.wait_for(run, min(backlog, 5_000), limit_s=10 if ground.quick else DELIVER_S)
            working, delivered = daemon.rss_mib("VmHWM"), ground.bkn.count(run)
            if not delivered:
                raise RuntimeError(f"nothing was delivered: {ours.log_tail()}")
        return {
            "marking": marking.rss_mib, "marking_s": marking.wall_s, "working": working, "delivered": delivered,
            "ledger_bytes_per_record": ours.ledger_bytes() / backlog,
        }  # fmt: skip
    finally:
        ours.remove()


def idle(ground: Ground) -> list[Figure]:
    """A daemon with nothing to do, at default pace and waits, and with everything at its fastest."""
    seconds = 3.0 if ground.quick else IDLE_S
    figures, starts = [], []
    for name, changes in (("defaults", {}),) if ground.quick else (("defaults", {}), ("as the latency runs", FAST)):
        ours = new_engine(
            bkn_url=ground.bkn.url(ground.bkn.new_run()),
            source_url=ground.new_simpeg().url,
            ledger_url=None,
            in_flight=IN_FLIGHT if changes else 4,
            adapter=ground.adapters[-1],
            changes=changes,
            per_second=1000 if changes else 5,
        )
        try:
            ours.prepare()
            samples = []
            for _ in range(ground.repeat):
                with ours.start("run") as daemon:
                    starts.append(daemon.ready_after_s())
                    time.sleep(1.0 if ground.quick else SETTLE_S)
                    before = daemon.cpu_s()
                    time.sleep(seconds)
                    samples.append(100 * (daemon.cpu_s() - before) / seconds)
        finally:
            ours.remove()
        figures.append(Figure("idle", name, "% of a core", samples, {"seconds": seconds}))
        ground.tell(f"idle: {name}: {samples}")
    figures.append(Figure("start", "to READY", "s", starts, {}))
    ground.tell(f"start: {starts}")
    return figures
