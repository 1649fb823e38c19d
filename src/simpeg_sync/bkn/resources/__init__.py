"""What does BKN want for each kind of history, what does it answer, how do the two sides compare? One file a kind."""

from collections.abc import Mapping

from simpeg_sync.bkn.resources import diklat, kursus
from simpeg_sync.bkn.resources.base import ResourceApi

RESOURCES: Mapping[str, ResourceApi] = {api.resource.name: api for api in (kursus.API, diklat.API)}
