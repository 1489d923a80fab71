package database

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

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
