#!/bin/sh
# Makes the virtual environment: exactly the locked packages, each checked by its hash, then this project itself.
# Usage: venv.sh PYTHON FOLDER LOCK
set -eu
python=$1 folder=$2 lock=$3
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "simpeg-sync needs Python 3.11 or newer; $("$python" --version) is too old. Try: make PYTHON=python3.12 ..." >&2
    exit 1
}
[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
