package database

import (
	"context"
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

// prepare makes the tables, unless they are there. A user that may not make tables can work with those that somebody
// else has made.
func (d *Database) prepare(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ready {
		return nil
	}
	if err := d.pool.QueryRow(ctx, d.sql.exist).Scan(&d.ready); err != nil {
		return d.redacted("look for the tables in the schema "+d.set.Schema, err)
	}
	if d.ready {
		return nil
	}
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtext('otelcol-defender'))`); err != nil {
			return err
		}
		for statement := range strings.SplitSeq(d.sql.tables, ";") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return d.redacted("make the tables in the schema "+d.set.Schema+" (grant its user create on the database, or make them by hand)", err)
	}
	d.ready = true
	return nil
}
