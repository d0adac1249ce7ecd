# One image for every role: api (default), worker, migrate, cli. See docker-compose.yml for how they fit together.
#
# The base is pinned by tag so that the file works everywhere; pin it by digest where images are built for production:
#   docker build --build-arg NODE_IMAGE=node:20-bookworm-slim@sha256:… .
ARG NODE_IMAGE=node:20-bookworm-slim

# Compilation and packages contain nothing that depends on the processor, so both are made on the builder's own and no
# emulation is needed for linux/arm64.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json nest-cli.json .swcrc ./
COPY apps apps
COPY libs libs
RUN npm run build

# Without development packages, and without the optional ones: PostgreSQL's binaries for `npm start`, and native
# accelerators that have a JavaScript twin.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="podcast-measurement" \
      org.opencontainers.image.description="Self-hosted measurement and sponsor attribution for podcast networks" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
# Everything belongs to root and nothing is written at run time but the spool: the root file system may be read-only.
COPY package.json ./
COPY --from=packages /app/node_modules node_modules
COPY db db
COPY scripts/docker-entrypoint.sh scripts/docker-healthcheck.mjs scripts/
COPY --from=build /app/dist dist
# A volume that is mounted here takes over who may write.
RUN install -d -o 10001 -g 10001 -m 700 /var/lib/podcast/spool
ENV SPOOL_DIR=/var/lib/podcast/spool
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "scripts/docker-healthcheck.mjs"]
ENTRYPOINT ["sh", "/app/scripts/docker-entrypoint.sh"]
CMD ["api"]
