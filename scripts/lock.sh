#!/bin/sh
# Writes the lock files: names, versions and hashes for every platform, no addresses.
set -eu
lock() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-header --no-annotate "$@"
}
lock pyproject.toml requirements/runtime.in -o requirements/runtime.lock
lock pyproject.toml --extra dev --extra binlog --extra oracle --extra mssql --extra pyreqwest -c requirements/runtime.lock -o requirements/dev.lock
