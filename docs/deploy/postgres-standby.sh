#!/bin/sh
# The entry point of the standby: copies the primary, if that was not done yet, and follows it.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA"
    chmod 700 "$PGDATA"
    until PGPASSWORD=$POSTGRES_PASSWORD pg_basebackup --dbname "host=$PRIMARY user=standby application_name=standby" \
            --pgdata "$PGDATA" --write-recovery-conf --slot standby --checkpoint fast; do
        echo "the primary does not answer yet; trying again" >&2
        find "$PGDATA" -mindepth 1 -delete
        sleep 2
    done
fi
exec postgres "$@"
