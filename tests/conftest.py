"""Fixtures for every test."""

from tests.servers import any_source, mariadb, only_loopback, postgres

__all__ = ["any_source", "mariadb", "only_loopback", "postgres"]
