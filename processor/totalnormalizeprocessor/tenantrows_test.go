package totalnormalizeprocessor

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/rows"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// tenantNow is a working day's noon at the emulator's tenant, and tenantHistory how long it has been there.
var tenantNow = time.Date(2026, 3, 18, 12, 0, 0, 0, time.UTC)

const tenantHistory = 20 * 24 * time.Hour

// tenantRows reads rows of the emulator's tenant of a seed as the receiver emits them.
type tenantRows struct{ db *rows.Database }

func newTenantRows(tb testing.TB, rowsPerDay int) tenantRows {
	tb.Helper()
	cfg := tenant.DefaultConfig()
	cfg.Start, cfg.History, cfg.RowsPerDay = tenantNow, tenantHistory, rowsPerDay
	generated, err := tenant.New(cfg)
	require.NoError(tb, err)
	db, err := rows.New(rows.Options{Generated: generated})
	require.NoError(tb, err)
	return tenantRows{db: db}
}

// since are the rows of a table that came in a time until noon, in the order of their Timestamps.
func (r tenantRows) since(tb testing.TB, table string, ago time.Duration) []plog.LogRecord {
	tb.Helper()
	t, ok := tables.ByName(table)
	require.True(tb, ok)
	if t.Kind == tables.Alerts {
		return r.alertsSince(tb, t, ago)
	}
	return tenantRecords(t, r.truth(tb, table, ago))
}

func (r tenantRows) truth(tb testing.TB, table string, ago time.Duration) []rows.TrueRow {
	tb.Helper()
	found, err := r.db.Truth(table, tenantNow.Add(-ago), tenantNow)
	require.NoError(tb, err)
	return found
}

// alertsSince joins the halves of alerts, as the service does.
func (r tenantRows) alertsSince(tb testing.TB, t *tables.Table, ago time.Duration) []plog.LogRecord {
	tb.Helper()
	infos, users := map[any]map[string]any{}, map[any][]any{}
	for _, info := range r.truth(tb, t.Info.Name, ago) {
		infos[info.Row["AlertId"]] = info.Row
	}
	evidence := r.truth(tb, t.Schema.Name, ago)
	for _, e := range evidence {
		if e.Row["EntityType"] != "User" {
			continue
		}
		user := map[string]any{}
		for _, column := range []string{"AccountName", "AccountDomain", "AccountSid", "AccountUpn", "AccountObjectId"} {
			user[column] = e.Row[column]
		}
		users[e.Row["AlertId"]] = append(users[e.Row["AlertId"]], user)
	}
	whole := slices.DeleteFunc(evidence, func(e rows.TrueRow) bool { return infos[e.Row["AlertId"]] == nil })
	for _, e := range whole {
		for column, v := range infos[e.Row["AlertId"]] {
			if column != tables.TimestampColumn {
				e.Row[column] = v
			}
		}
		e.Row[tables.AlertUsersColumn] = users[e.Row["AlertId"]]
	}
	return tenantRecords(t, whole)
}

func tenantRecords(t *tables.Table, found []rows.TrueRow) []plog.LogRecord {
	slices.SortFunc(found, func(a, b rows.TrueRow) int {
		return cmp.Or(a.Timestamp.Compare(b.Timestamp), cmp.Compare(a.Key, b.Key))
	})
	columns := t.Columns()
	if t.Kind == tables.Alerts {
		columns = append(columns, tables.Column{Name: tables.AlertUsersColumn, Type: tables.Dynamic})
	}
	records := make([]plog.LogRecord, len(found))
	for i, row := range found {
		body := pcommon.NewMap()
		for _, c := range columns {
			if v, ok := row.Row[c.Name]; ok {
				putTenantValue(body.PutEmpty(c.Name), v)
			}
		}
		records[i] = plog.NewLogRecord()
		logrecord.Fill(records[i], body, logrecord.Fields{
			Table: t.Name, UID: uuid.NewSHA1(uuid.Nil, []byte(t.Name+row.Key)), Timestamp: row.Timestamp, Observed: tenantNow,
			IngestionTime: row.IngestionTime.Format(serviceTime),
		})
	}
	return records
}

// serviceTime is how the service writes times.
const serviceTime = "2006-01-02T15:04:05.0000000Z"

func putTenantValue(to pcommon.Value, v any) {
	if at, ok := v.(time.Time); ok {
		to.SetStr(at.Format(serviceTime))
		return
	}
	if err := to.FromRaw(v); err != nil {
		panic(err)
	}
}

// tenantDirectories are the rows of the directories that a processor has read before.
func (r tenantRows) directories(tb testing.TB) []plog.LogRecord {
	tb.Helper()
	return append(r.since(tb, "DeviceInfo", 4*time.Hour), r.since(tb, "IdentityInfo", 24*time.Hour)...)
}

// people is a call of so many records of one table, all of which become events.
func (r tenantRows) people(tb testing.TB, directories []plog.LogRecord, table string, records int) plog.Logs {
	tb.Helper()
	for ago := 4 * time.Minute; ; ago *= 4 {
		if people := mappedOf(tb, directories, r.since(tb, table, ago)); len(people) >= records {
			return logsOf(people[:records]...)
		}
		require.Less(tb, ago, tenantHistory, "the tenant has too few rows of %s", table)
	}
}

// mappedOf are the records that become events.
func mappedOf(tb testing.TB, directories, records []plog.LogRecord) []plog.LogRecord {
	tb.Helper()
	if len(records) == 0 {
		return nil
	}
	mapped := map[string]bool{}
	for _, resource := range normalized(tb, directories, logsOf(records...)).ResourceLogs().All() {
		for _, record := range resource.ScopeLogs().At(0).LogRecords().All() {
			mapped[uidOf(record)] = true
		}
	}
	return slices.DeleteFunc(records, func(r plog.LogRecord) bool { return !mapped[uidOf(r)] })
}

func uidOf(record plog.LogRecord) string {
	v, _ := record.Attributes().Get(logrecord.AttributeUID)
	return v.Str()
}
