# Two stages: the first builds the wheel and installs it with its locked dependencies, the second only carries the result.
# Build: docker build -t simpeg-sync .
# The tag may be pinned to a digest at build time: --build-arg BASE=python:3.12-slim-bookworm@sha256:...
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS build
WORKDIR /src
# The lock file first: as long as it does not change, this layer comes from the cache. It holds the build tool too.
COPY requirements/runtime.lock requirements/
RUN python -m venv /opt/simpeg-sync \
    && /opt/simpeg-sync/bin/pip install --no-cache-dir --require-hashes --only-binary=:all: -r requirements/runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY migrations migrations
COPY src src
# Everything the wheel needs is installed and hashed already: nothing is fetched here.
RUN /opt/simpeg-sync/bin/python -m hatchling build -t wheel -d /dist \
    && /opt/simpeg-sync/bin/pip install --no-cache-dir --no-index --no-deps /dist/*.whl

FROM ${BASE}
# The dependencies are wheels, so no compiler is here. psycopg and PyMySQL bring what they need.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/simpeg-sync --shell /usr/sbin/nologin simpeg-sync \
    # The ledger's folder; a named volume mounted here takes its owner and mode.
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/simpeg-sync
COPY --from=build /opt/simpeg-sync /opt/simpeg-sync
ENV PATH=/opt/simpeg-sync/bin:$PATH \
    # The root file system is read-only, and container logs must not wait in a buffer.
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SIMPEG_SYNC_CONFIG=/etc/simpeg-sync/simpeg-sync.yaml \
    # Bare names of secret files are looked for here first, as under systemd.
    CREDENTIALS_DIRECTORY=/run/secrets
USER 10001:10001
WORKDIR /var/lib/simpeg-sync
STOPSIGNAL SIGTERM
# No HEALTHCHECK yet. A check has to say whether the loops of the daemon make progress, and nothing else.
# `simpeg-sync status` cannot say that: it reads the ledger in a process of its own, is green while the daemon hangs, and
# is red when only the ledger's server is away, which a restart does not cure. A daemon whose thread dies ends by itself,
# and the restart policy starts it again.
HEALTHCHECK NONE
ENTRYPOINT ["simpeg-sync"]
CMD ["run"]
