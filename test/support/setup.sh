#!/usr/bin/env bash
# `npm run test:setup`: installs what the tests need and is missing: redis-server, Chromium and fonts for it. Of Chromium the
# headless shell where there is one: the same browser without windows, three times as fast to open.
# `npm run bench:setup`: nginx as well, for `npm run bench -- rolling` and `npm run test:slow`.
set -euo pipefail

has_any() { for name in "$@"; do command -v "$name" >/dev/null && return; done; return 1; }

packages=()
has_any redis-server || packages+=(redis-server)
has_any chromium-headless-shell chromium chromium-browser google-chrome ||
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
"${as_root[@]}" apt-get update -qq
if apt-cache show chromium-headless-shell >/dev/null 2>&1; then
  packages=("${packages[@]/#chromium/chromium-headless-shell}")
fi
echo "Installing: ${packages[*]}"
# The run level keeps Debian from starting services: tests start servers of their own.
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
echo 'Ready: npm test'
