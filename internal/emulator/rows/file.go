package rows

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// File is a file of rows to be planted, one JSON object a line.
//
// A line is taken if it has every key column of the table, not empty: Timestamp, and DeviceId,
// ReportId and ActionType of the device event tables, AlertId of the alert tables, DeviceId of
// DeviceInfo, AccountObjectId of IdentityInfo. A line in the envelope of the Streaming API is taken
// if its category names the table. Other lines are passed over, and the report says how many.
//
// Columns that the table lacks are dropped and reported. A column X may also be called X_long,
// X_string, X_dynamic and so on, as Log Analytics names columns that came in two types.
type File struct {
	Table string
	Path  string
	// Recent moves all times so that the newest row happened a few minutes before the start.
	Recent bool
}

// ParseFile reads `TABLE=FILE[,recent]`.
func ParseFile(text string) (File, error) {
	table, path, ok := strings.Cut(text, "=")
	path, recent := strings.CutSuffix(path, ",recent")
	if !ok || table == "" || path == "" {
		return File{}, fmt.Errorf("rows %q: write TABLE=FILE or TABLE=FILE,recent", text)
	}
	return File{Table: table, Path: path, Recent: recent}, nil
}

const (
	// fileLag is how long after its event a row of a file arrives, the service's usual lag.
	fileLag = 3 * time.Minute
	// recentAge is how long before the start the newest row of a Recent file happened.
	recentAge = 6 * time.Minute
)

// fileRow is one line of a file as a row of the table.
type fileRow struct {
	line int
	row  map[string]any
}

// fileRows are the rows that a file has for a table, and what was not taken of it.
type fileRows struct {
	rows           []fileRow
	otherTables    int
	unreadable     []string
	unknownColumns map[string]bool
}

// PlantFile reads f and plants its rows. It returns how many, and notes of what was passed over.
func (db *Database) PlantFile(f File, now time.Time) (planted int, notes []string, err error) {
	sources, err := db.lookup(f.Table)
	if err != nil {
		return 0, nil, fmt.Errorf("rows of %s: %w", f.Path, err)
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return 0, nil, fmt.Errorf("rows of %s: %w", f.Table, err)
	}
	defer file.Close()
	found, err := readRows(file, sources.schema)
	if err != nil {
		return 0, nil, fmt.Errorf("rows of %s: read %s: %w", f.Table, f.Path, err)
	}
	packed := sources.planted.packFile(found, now, f.Recent)
	sources.planted.add(packed)
	note := func(format string, args ...any) {
		notes = append(notes, f.Path+" for "+f.Table+": "+fmt.Sprintf(format, args...))
	}
	if found.otherTables > 0 {
		note("%d rows lack a key column of the table", found.otherTables)
	}
	for _, text := range found.unreadable {
		note("%s", text)
	}
	if len(found.unknownColumns) > 0 {
		note("columns that the table lacks: %s", strings.Join(slices.Sorted(maps.Keys(found.unknownColumns)), ", "))
	}
	if old := db.tooOld(packed, now); old > 0 {
		note("%d rows are older than the service keeps and are never returned; add `,recent` to move them", old)
	}
	return len(packed), notes, nil
}

// packFile packs what was found, moved to the present if recent.
func (t *plantedTable) packFile(found *fileRows, now time.Time, recent bool) (packed []plantedRow) {
	var shift time.Duration
	if recent && len(found.rows) > 0 {
		newest := slices.MaxFunc(found.rows, func(a, b fileRow) int { return eventTime(a.row).Compare(eventTime(b.row)) })
		shift = now.Add(-recentAge).Sub(eventTime(newest.row))
	}
	for _, r := range found.rows {
		shiftTimes(r.row, t.schema, shift)
		p, err := t.pack(Planted{Row: r.row, IngestionTime: eventTime(r.row).Add(fileLag)}, now)
		if err != nil {
			found.unreadable = append(found.unreadable, fmt.Sprintf("line %d: %v", r.line, err))
			continue
		}
		packed = append(packed, p)
	}
	return packed
}

// tooOld counts the rows that are never returned.
func (db *Database) tooOld(rows []plantedRow, now time.Time) (old int) {
	oldest := value.Ticks(now) - db.retentionTicks
	for _, r := range rows {
		if db.retentionTicks > 0 && r.timestamp < oldest {
			old++
		}
	}
	return old
}

// readRows reads all lines; only trouble with reading itself is an error.
func readRows(r io.Reader, schema *tables.Schema) (*fileRows, error) {
	found := &fileRows{unknownColumns: map[string]bool{}}
	lines := bufio.NewReader(r)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			found.add(line, number, schema)
		}
		if err != nil {
			return found, nil
		}
	}
}

func (found *fileRows) add(line []byte, number int, schema *tables.Schema) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		found.unreadable = append(found.unreadable, fmt.Sprintf("line %d: %v", number, err))
		return
	}
	if category, ok := fields["category"].(string); ok {
		properties, _ := fields["properties"].(map[string]any)
		if category != "AdvancedHunting-"+schema.Name {
			properties = nil
		}
		fields = properties
	}
	row, unknown := fitRow(fields, schema)
	for _, column := range keyColumnsOf(schema) {
		if given, ok := row[column]; !ok || given == "" {
			found.otherTables++
			return
		}
	}
	if _, err := datetime(row[tables.TimestampColumn]); err != nil {
		found.unreadable = append(found.unreadable, fmt.Sprintf("line %d: Timestamp: %v", number, err))
		return
	}
	for _, name := range unknown {
		found.unknownColumns[name] = true
	}
	found.rows = append(found.rows, fileRow{line: number, row: row})
}

var typeSuffixes = []string{"_long", "_int", "_string", "_dynamic", "_bool", "_datetime", "_real", "_guid"}

// fitRow maps fields onto the schema's columns; nulls are left out. The names that fit none come back too.
func fitRow(fields map[string]any, schema *tables.Schema) (row map[string]any, unknown []string) {
	row = map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		given := fields[name]
		column := name
		if _, ok := schema.Column(name); !ok {
			for _, suffix := range typeSuffixes {
				if base, cut := strings.CutSuffix(name, suffix); cut {
					column = base
				}
			}
			if _, ok := schema.Column(column); !ok {
				unknown = append(unknown, name)
				continue
			}
		}
		if old, taken := row[column]; given != nil && (!taken || old == "") {
			row[column] = given
		}
	}
	return row, unknown
}

// keyColumnsOf are the columns without which a row is none of the table's.
func keyColumnsOf(schema *tables.Schema) []string {
	for _, t := range append(tables.All(), tables.Others()...) {
		switch {
		case t.Schema == schema && t.Kind == tables.Passed && t.Identity != nil:
			return []string{tables.TimestampColumn, tables.ReportIDColumn}
		case t.Schema == schema && t.Identity != nil:
			return t.Identity
		case t.Schema == schema && t.Key != "":
			return []string{tables.TimestampColumn, t.Key}
		}
	}
	if _, alerts := schema.Column("AlertId"); alerts {
		return []string{tables.TimestampColumn, "AlertId"}
	}
	return []string{tables.TimestampColumn}
}

func eventTime(row map[string]any) time.Time {
	ticks, err := datetime(row[tables.TimestampColumn])
	if err != nil || ticks == noTime {
		return time.Time{}
	}
	return value.Time(ticks)
}

// shiftTimes moves every time of row by d.
func shiftTimes(row map[string]any, schema *tables.Schema, d time.Duration) {
	for _, c := range schema.Columns {
		if c.Type != tables.DateTime || d == 0 {
			continue
		}
		if ticks, err := datetime(row[c.Name]); err == nil && ticks != noTime {
			row[c.Name] = value.Time(ticks).Add(d)
		}
	}
}
