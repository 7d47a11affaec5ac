#!/bin/bash
# Initialises an empty data folder through a server that listens on its socket only, then becomes the real server.
set -Eeo pipefail

fail() {
  printf 'Error: %s\n' "$*" >&2
  exit 1
}

# Sets variable $1 from the file that $1_FILE names, or to $2 where neither is set.
from_file() {
  local name=$1 default=${2:-} file_name=${1}_FILE
  if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
    fail "both $name and $file_name are set (but are exclusive)"
  fi
  local value=${!name:-$default}
  if [ -n "${!file_name:-}" ]; then
    value=$(<"${!file_name}")
  fi
  export "$name=$value"
  unset "$file_name"
}

run_init_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) sql --dbname "$POSTGRES_DB" --file "$file" ;;
      *.sql.gz) gunzip --stdout "$file" | sql --dbname "$POSTGRES_DB" ;;
    esac
  done
}

sql() {
  PGHOST='' PGHOSTADDR='' psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc "$@"
}

initialise() {
  from_file POSTGRES_PASSWORD
  from_file POSTGRES_USER postgres
  from_file POSTGRES_DB "$POSTGRES_USER"
  from_file POSTGRES_INITDB_ARGS
  local method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$method" != trust ]; then
    fail "Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the superuser."
  fi

  # Unquoted on purpose: the variable holds several arguments.
  # shellcheck disable=SC2086
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") $POSTGRES_INITDB_ARGS
  printf '\nhost all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"

  PGUSER=$POSTGRES_USER pg_ctl --pgdata "$PGDATA" --wait --options "-c listen_addresses='' -p 5432" start
  if [ "$(sql --dbname postgres --tuples-only --no-align --set name="$POSTGRES_DB" <<< "SELECT 1 FROM pg_database WHERE datname = :'name'")" != 1 ]; then
    sql --dbname postgres --set name="$POSTGRES_DB" <<< 'CREATE DATABASE :"name"'
  fi
  run_init_files
  PGUSER=$POSTGRES_USER pg_ctl --pgdata "$PGDATA" --mode fast --wait stop
  unset POSTGRES_PASSWORD
  printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

exists() {
  [ -s "$PGDATA/PG_VERSION" ]
}

# Makes the data folder, and leaves the rest of script $1 to the user who owns it.
as_owner() {
  local script=$1
  shift
  if [ "$(id -u)" = 0 ]; then
    install -d -m 700 "$PGDATA"
    find "$PGDATA" /run/postgresql ! -user postgres -exec chown postgres '{}' +
    chmod 700 "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$script" "$@"
  fi
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA" || true
}

main() {
  case ${1:-} in -*) set -- postgres "$@" ;; esac
  if [ "${1:-}" = postgres ]; then
    as_owner "$0" "$@"
    if exists; then
      printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
    else
      initialise
    fi
  fi
  exec "$@"
}

# docker-ensure-initdb.sh takes the functions alone.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  main "$@"
fi
