#!/bin/sh
# Makes the user before the files that belong to its group are there. sysusers.d makes it on systems whose /etc is new.
set -e
getent group otelcol-defender >/dev/null || groupadd --system otelcol-defender
getent passwd otelcol-defender >/dev/null || useradd --system --gid otelcol-defender --no-create-home \
  --home-dir /var/lib/otelcol-defender --shell /usr/sbin/nologin otelcol-defender
