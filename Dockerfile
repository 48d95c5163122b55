FROM python:3.12-slim-bookworm AS build
RUN python -m venv /opt/callq
WORKDIR /src
COPY requirements/base.lock requirements/
RUN /opt/callq/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements/base.lock
COPY . .
RUN /opt/callq/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends redis-server fonts-unifont fonts-wqy-zenhei \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home callq \
    && install -d -o callq -g callq /data
COPY --from=build /opt/callq /opt/callq
ENV PATH=/opt/callq/bin:$PATH PYTHONUNBUFFERED=1
USER callq
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
CMD ["callq", "serve", "--hall", "county", "--listen", "0.0.0.0:8080", "--data", "/data"]
