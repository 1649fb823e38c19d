"""Who holds a lane: a process, by a name that nobody else has, and by which others on its host see that it has died."""

import os
import socket
from pathlib import Path


def own_name() -> str:
    """``host:namespace:pid:start``, unique for every start of every process."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{_namespace()}:{pid}:{_started(pid)}"


def is_dead(owner: str) -> bool:
    """True only with proof: the name says this host and its table of processes, and the process is not in it."""
    parts = owner.rsplit(":", 3)
    if len(parts) != 4 or parts[0] != socket.gethostname() or parts[1] != _namespace() or not parts[2].isdigit():
        return False
    return _started(int(parts[2])) != parts[3]


def _namespace() -> str:
    """Containers may share a host's name, never its process table."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
        return f"{boot}-{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return f"unknown-{os.getpid()}"


def _started(pid: int) -> str:
    """When the process began, in the kernel's ticks: a number that is used again is another process. Empty: there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]
