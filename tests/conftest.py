"""Fixtures for every test."""

from tests.servers import any_source, mariadb, only_loopback, postgres
from tests.small_simpeg import lite, maria, pg, served, simpeg

__all__ = ["any_source", "lite", "maria", "mariadb", "only_loopback", "pg", "postgres", "served", "simpeg"]
