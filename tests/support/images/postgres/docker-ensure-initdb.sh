#!/bin/bash
# Initialises an empty data folder and ends.
set -Eeuo pipefail

. /usr/local/bin/docker-entrypoint.sh

as_owner "$0" "$@"
if exists; then
  printf '%s: note: database already initialized in %s\n' "${0##*/}" "$PGDATA" >&2
else
  initialise
fi
