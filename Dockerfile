FROM python:3.13-slim
# The letters of PDFs: without these fonts only western ones are drawn.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*

ENV PYTHONUNBUFFERED=1 PATH=/app/.venv/bin:$PATH DATA_DIR=/data
RUN pip install --no-cache-dir uv \
    && useradd --system --uid 1000 steward \
    && mkdir /data && chown steward /data
WORKDIR /app

COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-cache
COPY . .
# Collecting needs no service, only values that production accepts.
RUN PRODUCTION=true DATA_DIR=/tmp/data SITE_URL=https://build.example \
    SECRET_KEY=only-for-collecting-static-files-while-the-image-is-built \
    FIELD_KEYS=only-for-collecting-static-files-while-the-image-is-built \
    DATABASE_URL=postgres://build@build/build CELERY_BROKER_URL=redis://build \
    EMAIL_URL=smtp://build MAIL_FROM=build@build.example FALLBACK_MAILBOX=build@build.example \
    python manage.py collectstatic --no-input --verbosity=0

USER steward
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind=0.0.0.0:8000", "--workers=2", "--threads=4", "--timeout=60", "--no-control-socket"]
