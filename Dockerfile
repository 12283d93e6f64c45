# The mock alone: Trustpilot, Segment and the control API on one port.
#   docker build -t tpmock . && docker run --rm -p 127.0.0.1:8080:8080 tpmock

FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY mockserver mockserver
COPY contracts contracts
COPY fixtures fixtures
# The environment is all that the image gets: what serves needs no pip.
RUN python -m venv --without-pip /opt/tpmock \
 && pip --python /opt/tpmock/bin/python install --no-cache-dir --disable-pip-version-check .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="tpmock" \
      org.opencontainers.image.description="A local Trustpilot and Segment. Unofficial." \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/tpmock /opt/tpmock
ENV PATH=/opt/tpmock/bin:$PATH PYTHONUNBUFFERED=1
# A number, so that a cluster that allows no root can see that it is none.
USER 10001:10001
WORKDIR /tmp
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/_mock/health', timeout=2)"]
# A container's own loopback cannot be reached from outside it; publish the port on the host's loopback, as above.
CMD ["tpmock", "serve", "--host", "0.0.0.0", "--port", "8080"]
