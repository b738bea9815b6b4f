FROM debian:trixie-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3-venv
WORKDIR /src
# One environment to build with, one to ship; the second gets no pip. The locks alone decide this layer.
COPY requirements-postgresql.txt requirements-build.txt ./
RUN python3 -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.txt \
 && python3 -m venv --without-pip /opt/gollabedit \
 && /opt/build/bin/pip --python /opt/gollabedit/bin/python install --no-cache-dir --require-hashes -r requirements-postgresql.txt
COPY . .
RUN /opt/build/bin/pip --python /opt/build/bin/python wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
 && /opt/build/bin/pip --python /opt/gollabedit/bin/python install --no-deps --no-index /wheel/*.whl

FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git openssh-client python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && useradd --system --uid 10001 --user-group --home-dir /nonexistent --shell /usr/sbin/nologin gollabedit \
 && install -d -o gollabedit -g gollabedit /data /backups
COPY --from=build /opt/gollabedit /opt/gollabedit
ENV PATH=/opt/gollabedit/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    GOLLABEDIT_HOST=0.0.0.0 \
    GOLLABEDIT_DATA=/data
USER gollabedit
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD no_proxy='*' python -c \
    "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('GOLLABEDIT_PORT', '8080') + os.environ.get('GOLLABEDIT_BASE_PATH', '') + '/healthz', timeout=4)"
# The exec form: SIGTERM reaches Python itself.
ENTRYPOINT ["gollabedit"]
CMD ["serve"]
