#!/bin/sh
# Leaves root behind, and listens for other containers without a password unless told otherwise, as the official image does.
set -e

case "$1" in -* | *.conf) set -- redis-server "$@" ;; esac

if [ "$1" = redis-server ]; then
  if [ "$(id -u)" = 0 ]; then
    find . ! -user redis -exec chown redis '{}' +
    exec setpriv --reuid=redis --regid=redis --init-groups -- "$0" "$@"
  fi
  umask 0077
  case "$*" in *protected-mode*) ;; *) set -- "$@" --protected-mode no ;; esac
fi

exec "$@"
