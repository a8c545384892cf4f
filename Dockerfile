# One image for migrate, web, worker, puller and beat. It runs as nobody in particular, and keeps nothing.

FROM python:3.11-slim AS build

WORKDIR /src
RUN python -m venv /venv
COPY requirements.lock .
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim

RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/hub --shell /usr/sbin/nologin hub \
    && chmod 0700 /var/lib/hub
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HUB_DATA_DIR=/var/lib/hub
USER hub
WORKDIR /var/lib/hub
EXPOSE 8000
CMD ["hub", "web", "--host", "0.0.0.0"]
