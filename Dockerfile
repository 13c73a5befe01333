# The image of the application and, with `--target emulator`, that of the demo portals.
# In each stage what seldom changes comes first, so that an edited source file costs one layer or two.

ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Nobody's install script is needed: what is native (lmdb, esbuild) comes prebuilt.
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM dependencies AS build
COPY tsconfig.json tsconfig.build.json ./
COPY src src
# npm would keep TypeScript, because i18next names it as an optional peer.
RUN npm run build \
  && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/typescript node_modules/@typescript node_modules/.bin/tsc

FROM dependencies AS emulator
USER 1000
CMD ["node", "--import", "tsx", "emulator/main.ts"]
COPY emulator emulator

# The last stage is what `docker build .` makes.
FROM ${NODE_IMAGE} AS application
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/app/data
# The code stays root's: the process can write to its data and nowhere else.
RUN install -d -o node -g node -m 700 data
VOLUME /app/data
# `node`, as a number: Kubernetes cannot tell from a name that it is not root.
USER 1000
EXPOSE 8050
# Is the process up? Not /readyz: while Redis is away, a healthy process should not be killed.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 8050) + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# No npm and no shell in between, so that SIGTERM reaches the server.
CMD ["node", "dist/server.js"]
COPY --from=build /app/node_modules node_modules
COPY package.json ./
COPY public public
COPY views views
COPY --from=build /app/dist dist
