#!/usr/bin/env bash
# `npm run test:setup`: installs what the tests need and is missing: redis-server, Chromium and fonts for it.
# `npm run bench:setup`: nginx as well, for `npm run bench -- rolling`.
set -euo pipefail

packages=()
command -v redis-server >/dev/null || packages+=(redis-server)
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
  packages+=(chromium fonts-liberation fonts-noto-core fonts-noto-color-emoji)

if [[ ${1:-} == nginx ]] && ! command -v nginx >/dev/null && [[ ! -x /usr/sbin/nginx ]]; then packages+=(nginx); fi

if ((${#packages[@]} == 0)); then
  echo 'All that is needed is here: nothing to install.'
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "Please install these, then run the tests: ${packages[*]} (macOS: brew install redis${1:+ $1}; brew install --cask chromium)" >&2
  exit 1
fi
as_root=()
if [[ $(id -u) != 0 ]]; then
  command -v sudo >/dev/null || { echo "Please run as root: apt-get install -y ${packages[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "Installing: ${packages[*]}"
# The run level keeps Debian from starting services: tests start servers of their own.
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
echo 'Ready: npm test'
