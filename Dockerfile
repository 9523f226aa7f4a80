# The service as one image; the command says which role a container has.
FROM python:3.11-slim AS build
RUN pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PROJECT_ENVIRONMENT=/opt/bulkdelete UV_PYTHON_DOWNLOADS=never
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --locked --no-dev --no-install-project
COPY public public
COPY domain domain
COPY records records
COPY projections projections
COPY producers producers
COPY consumers consumers
COPY service service
RUN uv sync --locked --no-dev --no-editable

FROM python:3.11-slim
RUN useradd --system --create-home --home-dir /var/lib/bulkdelete bulkdelete \
    && install --directory --owner bulkdelete /var/lib/bulkdelete/views
COPY --from=build /opt/bulkdelete /opt/bulkdelete
ENV PATH=/opt/bulkdelete/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    BULKDELETE_STATE=/var/lib/bulkdelete \
    BULKDELETE_HEALTH_FILE=/tmp/bulkdelete-health
USER bulkdelete
WORKDIR /var/lib/bulkdelete
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD test -n "$(find /tmp/bulkdelete-health -mmin -0.5)"
ENTRYPOINT ["bulkdelete"]
CMD ["serve", "--role", "all"]
