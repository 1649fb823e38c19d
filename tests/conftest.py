"""Fixtures for every test."""

from servers import any_source, mariadb, only_loopback, postgres
from small_simpeg import lite, maria, pg, served, simpeg

__all__ = ["any_source", "lite", "maria", "mariadb", "only_loopback", "pg", "postgres", "served", "simpeg"]
