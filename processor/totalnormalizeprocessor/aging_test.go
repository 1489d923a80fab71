package totalnormalizeprocessor

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/directory"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

func limits(entries int, age time.Duration) func(*Config) {
	return func(c *Config) { c.Directories = DirectoriesConfig{MaxEntries: entries, MaxAge: age} }
}

func ofDirectory(name string) attribute.KeyValue { return attribute.String("directory", name) }

// person is the n-th one as each directory would name her, and the account by which to ask for her.
func personNo(n int) (directories []plog.LogRecord, asked columns) {
	number := strconv.Itoa(n)
	sid := "S-1-5-21-7-7-7-" + strconv.Itoa(100_000+n)
	objectID := "00000000-0000-0000-0000-" + strconv.Itoa(100_000_000_000+n)
	return []plog.LogRecord{
		columns{"AccountObjectId": objectID, "AccountUpn": "p" + number + "@acme.com", "OnPremSid": sid, "AccountDomain": "acme.local", "AccountName": "p" + number}.row("IdentityInfo"),
		columns{"id": objectID, "userPrincipalName": "p" + number + "@acme.com", "onPremisesSecurityIdentifier": sid}.row("Users"),
		columns{"DeviceId": "d" + number, "LoggedOnUsers": `[{"UserName":"p` + number + `"}]`}.row("DeviceInfo"),
	}, account("acme", "p"+number, sid)
}

func TestTheOldestEntryMakesRoom(t *testing.T) {
	h := newHarness(t, limits(3, time.Hour))
	for n := range 3 {
		rows, _ := personNo(n)
		h.consume(t, rows...)
		h.clock = h.clock.Add(time.Minute)
	}
	first, asked := personNo(0)
	h.consume(t, first...) // seen again, so the second is the oldest now
	fourth, _ := personNo(3)
	h.consume(t, fourth...)
	_, second := personNo(1)
	assert.Equal(t, "p0@acme.com", h.user(t, asked.row("DeviceLogonEvents")))
	assert.Equal(t, `acme\p1`, h.user(t, second.row("DeviceLogonEvents")))
	for _, name := range []string{"IdentityInfo", "Users", "DeviceInfo"} {
		assert.InDelta(t, 3, h.gauge(t, "directory_entries", ofDirectory(name)), 0, name)
		assert.InDelta(t, 1, h.gauge(t, "directory_evictions", ofDirectory(name), attribute.String("reason", "full")), 0, name)
		assert.InDelta(t, 60, h.gauge(t, "directory_oldest_age", ofDirectory(name)), 0, name)
	}
	assert.InDelta(t, 0, h.gauge(t, "directory_oldest_age", ofDirectory("rows")), 0, "an empty one has no age")
}

func TestEntriesAgeOut(t *testing.T) {
	h := newHarness(t, limits(100, time.Hour))
	rows, asked := personNo(1)
	h.consume(t, rows...)
	h.clock = h.clock.Add(time.Hour)
	assert.Equal(t, "p1@acme.com", h.user(t, asked.row("DeviceLogonEvents")))
	assert.Equal(t, "p1@acme.com", h.user(t, columns{"DeviceId": "d1"}.row("DeviceEvents")), "logged on there")
	h.clock = h.clock.Add(1)
	assert.Equal(t, `acme\p1`, h.user(t, asked.row("DeviceLogonEvents")))
	assert.Equal(t, "[no_account]", h.user(t, columns{"DeviceId": "d1"}.row("DeviceEvents")))
	for _, name := range []string{"IdentityInfo", "Users", "DeviceInfo"} {
		assert.InDelta(t, 0, h.gauge(t, "directory_entries", ofDirectory(name)), 0, name)
		assert.InDelta(t, 1, h.gauge(t, "directory_evictions", ofDirectory(name), attribute.String("reason", "age")), 0, name)
	}
}

// However many people and devices come and go, as many are remembered as there is room for.
func TestMemoryIsBoundedUnderChurn(t *testing.T) {
	const room, turns, perTurn = 200, 16, 200
	h := newHarness(t, limits(room, 24*time.Hour))
	var after [2]runtime.MemStats
	for turn := range turns {
		var call []plog.LogRecord
		for n := range perTurn {
			rows, _ := personNo(turn*perTurn + n)
			call = append(call, rows...)
			// And people of whom event rows alone tell, and alerts.
			upn := "r" + strconv.Itoa(turn*perTurn+n) + "@acme.com"
			call = append(call, columns{"AccountUpn": upn, "AccountObjectId": "10000000-0000-0000-0000-" + strconv.Itoa(100_000_000_000+turn*perTurn+n)}.row("DeviceProcessEvents"))
			call = append(call, columns{"AlertId": upn, "Title": "x"}.row("AlertInfo"))
		}
		h.consume(t, call...)
		h.sink.Reset()
		h.handedOn += perTurn
		if i := turn - turns/2; i == 0 || turn == turns-1 {
			runtime.GC()
			runtime.ReadMemStats(&after[min(i, 1)])
		}
	}
	for _, name := range []string{"AlertInfo", "DeviceInfo", "IdentityInfo", "Users", "rows"} {
		assert.InDelta(t, room, h.gauge(t, "directory_entries", ofDirectory(name)), 0, name)
		assert.InDelta(t, turns*perTurn-room, h.gauge(t, "directory_evictions", ofDirectory(name), attribute.String("reason", "full")), 0, name)
	}
	assert.Less(t, int64(after[1].HeapAlloc)-int64(after[0].HeapAlloc), int64(4<<20), "the second half of the people takes no more memory")
}

// What leaves a directory leaves the store too, and what comes back keeps its age.
func TestStoreIsBoundedToo(t *testing.T) {
	keeper := openFileStorage(t, t.TempDir())
	defer func() { require.NoError(t, keeper.Shutdown(t.Context())) }()
	now := time.Date(2026, 3, 15, 9, 0, 0, 0, time.UTC)
	run := func(entries int, rows ...plog.LogRecord) *directory.Directories {
		cfg := validConfig()
		limits(entries, time.Hour)(cfg)
		p, err := newProcessor(nopSettings(), cfg, consumertest.NewNop(), func() time.Time { return now })
		require.NoError(t, err)
		p.cfg.StorageID = &storageID
		require.NoError(t, p.start(t.Context(), collector.Extensions{storageID: keeper}))
		_, _ = p.processLogs(t.Context(), logsOf(rows...))
		require.NoError(t, p.shutdown(t.Context()))
		return p.directories
	}
	for n := range 4 {
		rows, _ := personNo(n)
		rows = append(rows, columns{"AccountUpn": "r" + strconv.Itoa(n) + "@acme.com", "AccountObjectId": entraID[:35] + strconv.Itoa(n)}.row("DeviceProcessEvents"))
		run(10, rows...)
		now = now.Add(10 * time.Minute)
	}
	assert.Equal(t, map[string]int{"DeviceInfo": 4, "IdentityInfo": 4, "Users": 4, "rows": 4, "AlertInfo": 0}, entries(run(10)))
	assert.Equal(t, map[string]int{"DeviceInfo": 2, "IdentityInfo": 2, "Users": 2, "rows": 2, "AlertInfo": 0}, entries(run(2)), "as many as there is room for")
	kept := run(10)
	assert.Equal(t, 2, entries(kept)["IdentityInfo"], "the others are gone for good")
	_, third := personNo(2)
	assert.NotNil(t, kept.Identify(accountOf(third), row.Device{}).Identity, "the newest are kept")
	more, _ := personNo(9)
	run(2, more...)
	assert.Equal(t, 2, entries(run(10))["IdentityInfo"], "what made room while it ran is gone, too")
	now = now.Add(55 * time.Minute)
	assert.Equal(t, 1, entries(run(10))["IdentityInfo"], "an hour after it was seen, whatever was restarted meanwhile")
}

// An entry that is seen again and says nothing new is written only now and then.
func TestSeenAgainIsStoredNowAndThen(t *testing.T) {
	now := time.Date(2026, 3, 15, 9, 0, 0, 0, time.UTC)
	cfg := validConfig()
	limits(10, 8*time.Hour)(cfg)
	p, err := newProcessor(nopSettings(), cfg, consumertest.NewNop(), func() time.Time { return now })
	require.NoError(t, err)
	writes := func(wait time.Duration) int {
		now = now.Add(wait)
		n := 0
		people, _ := personNo(1)
		learned := columns{"AccountUpn": "r@acme.com", "AccountObjectId": entraID}.row("DeviceProcessEvents")
		for _, record := range append(people, learned) {
			in := p.newCall(t.Context()).newIntake()
			in.take(record, pcommon.NewResource())
			n += len(in.changes)
		}
		return n
	}
	assert.Equal(t, 4, writes(0))
	assert.Equal(t, 0, writes(time.Minute))
	assert.Equal(t, 0, writes(58*time.Minute))
	assert.Equal(t, 4, writes(time.Hour))
	assert.Equal(t, 0, writes(time.Minute))
	require.NoError(t, p.shutdown(t.Context()))
}

func entries(d *directory.Directories) map[string]int {
	n := map[string]int{}
	for _, s := range d.Sizes() {
		n[s.Name] = int(s.Entries)
	}
	return n
}
