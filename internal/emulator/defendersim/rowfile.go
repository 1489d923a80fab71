package defendersim

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

// RowFile is a file of rows to be planted, one JSON object a line.
//
// A line is taken if it has every key column of the table, not empty: Timestamp, and DeviceId,
// ReportId and ActionType of the device event tables, AlertId of the alert tables, DeviceId of
// DeviceInfo, AccountObjectId of IdentityInfo. A line in the envelope of the Streaming API is taken
// if its category names the table. Other lines are passed over, and the report says how many.
//
// Columns that the table lacks are dropped and reported. A column X may also be called X_long,
// X_string, X_dynamic and so on, as Log Analytics names columns that came in two types.
type RowFile struct {
	Table string
	Path  string
	// Recent moves all times so that the newest row happened a few minutes before the start.
	Recent bool
}

// ParseRowFile reads `TABLE=FILE[,recent]`.
func ParseRowFile(text string) (RowFile, error) {
	table, path, ok := strings.Cut(text, "=")
	path, recent := strings.CutSuffix(path, ",recent")
	if !ok || table == "" || path == "" {
		return RowFile{}, fmt.Errorf("rows %q: write TABLE=FILE or TABLE=FILE,recent", text)
	}
	return RowFile{Table: table, Path: path, Recent: recent}, nil
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

// plantFile reads f and plants its rows; what is passed over is noted for the report.
func (s *Server) plantFile(f RowFile) error {
	sources, err := s.database.lookup(f.Table)
	if err != nil {
		return fmt.Errorf("rows of %s: %w", f.Path, err)
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return fmt.Errorf("rows of %s: %w", f.Table, err)
	}
	defer file.Close()
	found, err := readRows(file, sources.schema)
	if err != nil {
		return fmt.Errorf("rows of %s: read %s: %w", f.Table, f.Path, err)
	}
	packed, old := s.packFile(found, sources.planted, f.Recent)
	sources.planted.add(packed)
	note := func(format string, args ...any) {
		text := f.Path + " for " + f.Table + ": " + fmt.Sprintf(format, args...)
		s.judge.passOver(text)
		s.logger.Warn(text)
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
	if old > 0 {
		note("%d rows are older than the service keeps and are never returned; add `,recent` to move them", old)
	}
	s.logger.Info("planted rows", "table", f.Table, "file", f.Path, "rows", len(packed))
	return nil
}

// packFile packs what was found, moved to the present if recent, and counts the rows that are too old
// to be returned.
func (s *Server) packFile(found *fileRows, table *plantedTable, recent bool) (packed []plantedRow, old int) {
	var shift time.Duration
	if recent && len(found.rows) > 0 {
		newest := slices.MaxFunc(found.rows, func(a, b fileRow) int { return eventTime(a.row).Compare(eventTime(b.row)) })
		shift = s.now().Add(-recentAge).Sub(eventTime(newest.row))
	}
	for _, r := range found.rows {
		shiftTimes(r.row, table.schema, shift)
		p, err := table.pack(Planted{Row: r.row, IngestionTime: eventTime(r.row).Add(fileLag)}, s.now())
		if err != nil {
			found.unreadable = append(found.unreadable, fmt.Sprintf("line %d: %v", r.line, err))
			continue
		}
		if s.limits.Retention > 0 && eventTime(r.row).Before(s.now().Add(-s.limits.Retention)) {
			old++
		}
		packed = append(packed, p)
	}
	return packed, old
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
		if value, ok := row[column]; !ok || value == "" {
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
		value := fields[name]
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
		if old, taken := row[column]; value != nil && (!taken || old == "") {
			row[column] = value
		}
	}
	return row, unknown
}

// keyColumnsOf are the columns without which a row is none of the table's.
func keyColumnsOf(schema *tables.Schema) []string {
	for _, t := range tables.All() {
		switch {
		case t.Schema == schema && t.Identity != nil:
			return t.Identity
		case t.Schema == schema && t.Key != "":
			return []string{tables.TimestampColumn, t.Key}
		}
	}
	return []string{tables.TimestampColumn, "AlertId"}
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
