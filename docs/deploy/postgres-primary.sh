#!/bin/sh
# Runs once, when the image `postgres` makes the primary's database: lets the standby in, and has each commit wait for it.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<SQL
create role standby login replication password '$POSTGRES_PASSWORD';
select pg_create_physical_replication_slot('standby');
SQL
echo 'host replication standby samenet scram-sha-256' >> "$PGDATA/pg_hba.conf"
# Last, and from the next start on: from then on nothing is committed without the standby.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<SQL
alter system set synchronous_standby_names = 'ANY 1 (standby)';
alter system set max_slot_wal_keep_size = '4GB';
SQL
