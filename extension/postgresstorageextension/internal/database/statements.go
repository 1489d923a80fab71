package database

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// tables makes what is lacking. Workers that start at once do so one after another.
const tables = `
create schema if not exists $SCHEMA;
create table if not exists $SCHEMA.shard (
  id       text primary key,
  worker   text not null,
  instance text not null,
  scope    text not null,
  epoch    bigint not null,
  since    timestamptz not null,
  until    timestamptz not null
);
create table if not exists $SCHEMA.entry (
  space text not null,
  key   text collate "C" not null,
  value bytea not null,
  primary key (space, key)
);`

// statements are the SQL in one schema.
type statements struct {
	exist, tables                string
	take, holder, renew, release string
	stand, leave, forget         string
	get, walk, write             string
}

func statementsIn(schema string) statements {
	in := strings.NewReplacer("$SCHEMA", pgx.Identifier{schema}.Sanitize()).Replace
	return statements{
		exist:   in(`select to_regclass('$SCHEMA.shard') is not null and to_regclass('$SCHEMA.entry') is not null`),
		tables:  in(tables),
		take:    in(take),
		holder:  in(`select worker, since, epoch, scope from $SCHEMA.shard where id = $1 and until > clock_timestamp()`),
		renew:   in(renew),
		release: in(release),
		stand:   in(stand),
		leave:   in(leave),
		forget:  in(forget),
		get:     in(`select key, value from $SCHEMA.entry where space = $1 and key = any($2)`),
		walk:    in(`select key, value from $SCHEMA.entry where space = $1 order by key`),
		write:   in(write),
	}
}

// What is done with leases.
const (
	take = `insert into $SCHEMA.shard as s (id, worker, instance, scope, epoch, since, until)
select $1, $2, $3, $4, $5::bigint + 1, clock_timestamp(), clock_timestamp() + $6::float8 * interval '1 second'
where not $7::boolean or exists (select from $SCHEMA.shard where id = $1)
on conflict (id) do update set worker = excluded.worker, instance = excluded.instance, scope = excluded.scope,
  epoch = greatest(s.epoch + 1, excluded.epoch), since = excluded.since, until = clock_timestamp() + $6::float8 * interval '1 second'
where s.instance = excluded.instance or s.until <= clock_timestamp() and not $7::boolean
returning epoch`

	held = `id = $1 and instance = $2 and epoch = $3 and until > clock_timestamp()`

	renew = `update $SCHEMA.shard set until = clock_timestamp() + $4::float8 * interval '1 second' where ` + held

	release = `update $SCHEMA.shard set until = '-infinity' where ` + held

	leave = `update $SCHEMA.shard set until = '-infinity' where instance = $1 and until > clock_timestamp()`

	// stand also notes that the worker asks for leases of the kind. A lease counts while it is held, and for one duration
	// more, in which another worker takes it.
	stand = `with asks as (
  insert into $SCHEMA.shard as s (id, worker, instance, scope, epoch, since, until)
  values ('asks/' || $1 || '/' || $2, $3, $2, '', 1, clock_timestamp(), clock_timestamp() + $4::float8 * interval '1 second')
  on conflict (id) do update set until = excluded.until
)
select
  (select count(*) from $SCHEMA.shard where id like 'asks/' || $1 || '/%' and until > clock_timestamp() and instance <> $2) + 1,
  (select count(*) from $SCHEMA.shard where id like $1 || '/%' and until > clock_timestamp() - $4::float8 * interval '1 second')`

	forget = `delete from $SCHEMA.shard where id like $1 and until < clock_timestamp() - $2::float8 * interval '1 second'`
)

// write is one statement, and so one transaction: the term is checked, and while this goes on nobody takes the lease.
const write = `with term as (
  update $SCHEMA.shard set until = clock_timestamp() + $4::float8 * interval '1 second' where ` + held + ` returning id
), gone as (
  delete from $SCHEMA.entry using term where space = $5 and key = any($6::text[])
), kept as (
  insert into $SCHEMA.entry (space, key, value)
  select $5, changed.key, changed.value from term, unnest($7::text[], $8::bytea[]) as changed(key, value)
  on conflict (space, key) do update set value = excluded.value
)
select count(*) from term`
