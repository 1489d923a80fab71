#!/bin/sh
# The argument is "remove" (deb) or 0 (rpm) on removal, and "upgrade" or 1 on an upgrade.
set -e
case "$1" in
remove | 0)
  [ ! -d /run/systemd/system ] || systemctl disable --now otelcol-defender.service
  ;;
esac
