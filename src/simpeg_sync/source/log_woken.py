"""Capture mode `log` where its trigger notifies. ``ports.Capture`` and ``ports.Waits``."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from simpeg_sync.mapping.feed import Feed
from simpeg_sync.ports import CaptureState
from simpeg_sync.source.listening import Listener
from simpeg_sync.source.log import LogCapture
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.triggers import lacks_notifying


class WokenLogCapture(LogCapture):
    def __init__(self, reading: sa.Engine, writing: sa.Engine, feeds: Sequence[Feed], settings: LogSettings) -> None:
        super().__init__(reading, writing, feeds, settings)
        self._listener = Listener(reading, settings)

    def wait(self, timeout_s: float) -> bool:
        return self._listener.wait(timeout_s)

    def interrupt(self) -> None:
        self._listener.interrupt()

    def state(self, cursor: str | None) -> CaptureState:
        state = super().state(cursor)
        if why := lacks_notifying(self._reading, self._settings) or self._listener.why_not():
            return replace(state, polled_because=why)
        return replace(state, facts={**state.facts, "noticed": "at once"})
