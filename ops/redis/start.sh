#!/bin/sh
# Redis of the compose files: append-only, nothing evicted, and only for the application's user, whose password is made at the
# first start. /access is a volume that Redis and the application share and no other container sees.
set -eu

# The volumes belong to root at first. 999 is `redis` in the official image.
if [ "$(id -u)" = 0 ]; then
  chown 999:999 /data /access
  exec setpriv --reuid=999 --regid=999 --clear-groups sh "$0"
fi

if [ ! -s /access/url ]; then
  password=$(head -c 32 /dev/urandom | sha256sum | cut -c 1-64)
  {
    echo 'user default off'
    echo "user companies on >$password resetkeys ~b24:* resetchannels -@all" \
      '+ping +get +set +del +rename +expire +pexpire +pttl +eval +scan +time +info +config|get +select +client|setname'
  } >/access/users.acl
  echo "$password" >/access/password
  echo "redis://companies:$password@redis:6379" >/access/url.new
  # Last, and whole: the application waits for this file.
  mv /access/url.new /access/url
fi

exec redis-server --dir /data --appendonly yes --appendfsync everysec --maxmemory-policy noeviction \
  --protected-mode no --aclfile /access/users.acl
