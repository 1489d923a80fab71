package health

import "sync"

// Letters are the refused rows of a table that were kept as dead letters, or could not be.
type Letters struct {
	Written, Failed int
}

// DeadLetters counts the dead letters of all tables. The zero value has counted none.
type DeadLetters struct {
	mu     sync.Mutex // guards everything below
	tables map[string]Letters
}

// Count counts a refused row of a table.
func (d *DeadLetters) Count(table string, written bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	letters := d.tables[table]
	if written {
		letters.Written++
	} else {
		letters.Failed++
	}
	if d.tables == nil {
		d.tables = map[string]Letters{}
	}
	d.tables[table] = letters
}

// Of are those of a table.
func (d *DeadLetters) Of(table string) Letters {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tables[table]
}
