# One executable in a small image, for amd64 and arm64:
#   docker buildx build --platform linux/amd64,linux/arm64 -t oneglance .
# The build compiles with the deno of deno.json's tasks; where Deno's release site cannot be reached, give
# --build-arg DENO_VERSION=2.4.2 and a runtime by --build-context denort=FOLDER (FOLDER/denort, see .ci/denort.sh).
ARG DENO_VERSION=2.9.6

FROM scratch AS denort

FROM node:20-bookworm-slim AS build
ARG DENO_VERSION
ARG TARGETARCH
ENV DENO_TLS_CA_STORE=mozilla,system DENO_NO_UPDATE_CHECK=1
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY deno.json deno.lock ./
COPY tools tools
COPY db db
COPY openapi openapi
COPY src src
COPY main.ts workers.ts ./
RUN --mount=type=bind,from=denort,target=/denort \
    if [ -x /denort/denort ]; then export DENORT_BIN=/denort/denort; fi; \
    echo "compiling for ${TARGETARCH}" && npx -y "deno@${DENO_VERSION}" task compile

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl && \
    rm -rf /var/lib/apt/lists/* && \
    groupadd --gid 42415 glance && \
    useradd --uid 42415 --gid 42415 --home-dir /var/lib/glance --shell /usr/sbin/nologin glance && \
    install -d -o 42415 -g 42415 -m 750 /var/lib/glance && \
    install -d -o root -g 42415 -m 750 /etc/glance
COPY --from=build /build/dist/oneglance /usr/bin/oneglance
COPY --chown=root:42415 --chmod=640 packaging/container/glance-api.conf /etc/glance/glance-api.conf
COPY --chmod=755 packaging/container/entrypoint.sh /usr/bin/oneglance-entrypoint
USER 42415:42415
ENV GLANCE_HOME=/var/lib/glance
VOLUME /var/lib/glance
EXPOSE 9292
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD curl -fsS http://127.0.0.1:9292/healthcheck || exit 1
ENTRYPOINT ["oneglance-entrypoint"]
CMD ["serve", "--config-file", "/etc/glance/glance-api.conf"]
