#!/usr/bin/env bash
# `npm run test:setup`: installs what the tests need and is missing: redis-server, Chromium and fonts for it.
set -euo pipefail

packages=()
command -v redis-server >/dev/null || packages+=(redis-server)
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
  packages+=(chromium fonts-liberation fonts-noto-core fonts-noto-color-emoji)

if ((${#packages[@]} == 0)); then
  echo 'redis-server and Chromium are here: nothing to install.'
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "Please install these, then run the tests: ${packages[*]} (macOS: brew install redis; brew install --cask chromium)" >&2
  exit 1
fi
as_root=()
if [[ $(id -u) != 0 ]]; then
  command -v sudo >/dev/null || { echo "Please run as root: apt-get install -y ${packages[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "Installing: ${packages[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
echo 'Ready: npm test'
