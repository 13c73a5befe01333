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

# Node 24 runs TypeScript as it is, and the emulator needs one package.
FROM ${NODE_IMAGE} AS emulator
WORKDIR /app
USER 1000
CMD ["node", "emulator/main.ts"]
COPY package.json ./
COPY --from=dependencies /app/node_modules/zod node_modules/zod
COPY emulator emulator

# The last stage is what `docker build .` makes.
FROM ${NODE_IMAGE} AS application
WORKDIR /app
# `::` is every address, of IPv4 and of IPv6; where there is no IPv6 the server takes 0.0.0.0 by itself.
ENV NODE_ENV=production HOST=:: DATA_DIR=/app/data
# The code stays root's: the process can write to its data and nowhere else.
# Any other user gets there by its group, which is 0 where a platform gives out uids of its own (OpenShift).
RUN install -d -o node -g 0 -m 770 data
VOLUME /app/data
# `node`, as a number: Kubernetes cannot tell from a name that it is not root.
USER 1000
EXPOSE 8050
# Is the process up, at the address that HOST says? Not /readyz: while Redis is away, a healthy process should not be killed.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "const { HOST, PORT } = process.env, at = { '': '127.0.0.1', '::': '127.0.0.1', '0.0.0.0': '127.0.0.1' }[HOST || ''] || HOST; fetch('http://' + (at.includes(':') ? '[' + at + ']' : at) + ':' + (PORT || 8050) + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# No npm and no shell in between, so that SIGTERM reaches the server.
CMD ["node", "dist/server.js"]
COPY --from=build /app/node_modules node_modules
COPY package.json ./
COPY public public
COPY views views
COPY --from=build /app/dist dist
