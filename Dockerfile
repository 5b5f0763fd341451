# syntax=docker/dockerfile:1
# The program in a container: `docker build -t openmodels .`. See docs/deployment.md for what was tried of it.
ARG PYTHON=3.11-slim-trixie
ARG NODE=24-slim

# What the pages load is built apart: the program needs no Node.
FROM node:${NODE} AS assets
WORKDIR /web/assets
COPY src/openmodels/web/assets/package.json src/openmodels/web/assets/package-lock.json src/openmodels/web/assets/.npmrc ./
RUN npm ci
COPY src/openmodels/web/assets ./
RUN node build.mjs

FROM python:${PYTHON} AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# What builds the wheel has an environment of its own, which stays behind.
COPY requirements/build.txt requirements/run.txt requirements/
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes --only-binary=:all: -r requirements/build.txt \
    && python -m venv /opt/openmodels \
    && /opt/openmodels/bin/pip install --require-hashes --only-binary=:all: -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY docs docs
COPY packages/client packages/client
WORKDIR /src/packages/client
RUN /opt/build/bin/hatchling build --target wheel --directory /opt/wheels
WORKDIR /src
COPY src src
COPY --from=assets /web/static src/openmodels/web/static
RUN /opt/build/bin/hatchling build --target wheel --directory /opt/wheels \
    && /opt/openmodels/bin/pip install --no-index --no-deps /opt/wheels/*.whl \
    && /opt/openmodels/bin/pip uninstall --yes pip \
    && /opt/openmodels/bin/openmodels --version

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="OpenModels" \
    org.opencontainers.image.description="The open registry and observatory of language-model providers" \
    org.opencontainers.image.licenses="MIT"
# The client is for `openmodels backup` and `restore`; it must not be older than the server. Authorities are what
# TLS to the providers trusts.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 openmodels \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin openmodels \
    && install --directory --owner=10001 --group=10001 --mode=0750 /data
COPY --from=build /opt/openmodels /opt/openmodels
COPY registry /srv/registry
# HOST, since a container's own loopback cannot be reached from outside it. It writes to /data alone, so that the
# rest may be read-only.
ENV PATH=/opt/openmodels/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    OPENMODELS_DATA_DIR=/data \
    OPENMODELS_REGISTRY=/srv/registry \
    OPENMODELS_LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Any answer below 400 will do: with OPENMODELS_HTTPS_ONLY it is a redirect. A worker has no such address; see
# deploy/compose.yaml.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD ["python", "-c", "import os, sys, http.client as h; c = h.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/api/health/live'); sys.exit(c.getresponse().status >= 400)"]
ENTRYPOINT ["openmodels"]
CMD ["serve", "--publish"]
