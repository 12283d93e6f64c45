# The mock alone: Trustpilot, Segment and the control API on one port.
#   docker build -t tpmock . && docker run --rm -p 127.0.0.1:8080:8080 tpmock

FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY mockserver mockserver
COPY contracts contracts
COPY fixtures fixtures
RUN python -m venv /opt/tpmock \
 && /opt/tpmock/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="tpmock" \
      org.opencontainers.image.description="A local Trustpilot and Segment. Unofficial." \
      org.opencontainers.image.licenses="MIT"
RUN useradd --system --no-create-home --uid 10001 tpmock
COPY --from=build /opt/tpmock /opt/tpmock
ENV PATH=/opt/tpmock/bin:$PATH PYTHONUNBUFFERED=1
USER tpmock
WORKDIR /tmp
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/_mock/health', timeout=2)"]
# A container's own loopback cannot be reached from outside it; publish the port on the host's loopback, as above.
CMD ["tpmock", "serve", "--host", "0.0.0.0", "--port", "8080"]
