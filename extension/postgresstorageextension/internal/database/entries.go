package database

import (
	"context"

	"github.com/otelcol-defender/otelcol-defender/internal/lease"
)

// Changes are what a write does, all or nothing. A key is in one of them.
type Changes struct {
	Set    map[string][]byte
	Delete []string
}

// Write changes a space in a term. The error is ErrFenced, and nothing is changed, if the term is over.
func (d *Database) Write(ctx context.Context, f Fence, space string, c Changes) error {
	ctx, cancel := d.within(ctx)
	defer cancel()
	keys, values := make([]string, 0, len(c.Set)), make([][]byte, 0, len(c.Set))
	for key, value := range c.Set {
		if value == nil {
			value = []byte{} // null is no value
		}
		keys, values = append(keys, key), append(values, value)
	}
	deleted := c.Delete
	if deleted == nil {
		deleted = []string{}
	}
	var terms int
	err := d.pool.QueryRow(ctx, d.sql.write, f.Shard, f.Instance, f.Epoch, d.set.Lease.Seconds(), space, deleted, keys, values).Scan(&terms)
	switch {
	case err != nil:
		return d.redacted("store entries of "+space, err)
	case terms == 0:
		return lease.ErrFenced
	}
	return nil
}

// Get reads entries. Those that are not there are not in what it returns.
func (d *Database) Get(ctx context.Context, space string, keys []string) (map[string][]byte, error) {
	found := map[string][]byte{}
	ctx, cancel := d.within(ctx)
	defer cancel()
	err := d.read(ctx, "read entries of "+space, func(key string, value []byte) bool {
		found[key] = value
		return true
	}, d.sql.get, space, keys)
	return found, err
}

// walkTimes is how many times as long as another request a walk may take.
const walkTimes = 24

// Walk shows all entries of a space, as they were at one moment, until visit reports false.
func (d *Database) Walk(ctx context.Context, space string, visit func(key string, value []byte) bool) error {
	ctx, cancel := context.WithTimeout(ctx, walkTimes*d.set.Timeout)
	defer cancel()
	return d.read(ctx, "read all entries of "+space, visit, d.sql.walk, space)
}

func (d *Database) read(ctx context.Context, doing string, visit func(key string, value []byte) bool, statement string, arguments ...any) error {
	if err := d.prepare(ctx); err != nil {
		return err
	}
	rows, err := d.pool.Query(ctx, statement, arguments...)
	if err != nil {
		return d.redacted(doing, err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var value []byte
		if err := rows.Scan(&key, &value); err != nil {
			return d.redacted(doing, err)
		}
		if !visit(key, value) {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return d.redacted(doing, err)
	}
	return nil
}
