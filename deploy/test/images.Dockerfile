# The images of docker-compose.test.yml, all on one that debootstrap made.

ARG DEBIAN=test/debian

FROM ${DEBIAN} AS rust
RUN apt-get update -q && apt-get install -qy --no-install-recommends ca-certificates gcc libc6-dev && apt-get clean
# The toolchain of the machine that runs the test.
COPY bin /usr/local/bin
COPY lib /usr/local/lib
# The machine's certificates, where its way to the registries has some of its own.
RUN cp /certificates.crt /etc/ssl/certs/ca-certificates.crt

FROM ${DEBIAN} AS python
RUN apt-get update -q && apt-get install -qy --no-install-recommends python3-venv && apt-get clean && \
    python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

FROM python AS mongodb
RUN pip install --quiet --pre secantusdb

# As Bugsink's own image is: its template as the settings.
FROM python AS bugsink
ARG BUGSINK_VERSION
# Or one shortly before it, where the index does not have everything that the newest asks for.
RUN pip install --quiet "bugsink>=2,<=${BUGSINK_VERSION}"
WORKDIR /app
RUN cp "$(python -c 'import bugsink; print(bugsink.__path__[0])')/conf_templates/docker.py.template" bugsink_conf.py

FROM ${DEBIAN} AS rabbitmq
RUN apt-get update -q && apt-get install -qy --no-install-recommends rabbitmq-server && apt-get clean && \
    rabbitmq-plugins enable --offline rabbitmq_management && \
    printf 'loopback_users = none\n' > /etc/rabbitmq/rabbitmq.conf
USER rabbitmq
