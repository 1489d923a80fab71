package audit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

var (
	noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	bin  = ledger.BinOf(noon)
)

func TestCompare(t *testing.T) {
	for name, c := range map[string]struct {
		counted int
		entry   ledger.Entry
		unread  bool
		want    Findings
		doubt   bool
	}{
		"all delivered":                        {10, ledger.Entry{Rows: 10}, false, Findings{Matched: 10}, false},
		"some refused":                         {10, ledger.Entry{Rows: 10, Refused: 3}, false, Findings{Matched: 7, Refused: 3}, false},
		"all refused":                          {4, ledger.Entry{Rows: 4, Refused: 4}, false, Findings{Refused: 4}, false},
		"the service counts fewer by now":      {2, ledger.Entry{Rows: 4, Refused: 4}, false, Findings{Refused: 2}, false},
		"one more":                             {11, ledger.Entry{Rows: 10}, false, Findings{}, true},
		"one more, some refused":               {11, ledger.Entry{Rows: 10, Refused: 10}, false, Findings{}, true},
		"nothing known":                        {1, ledger.Entry{}, false, Findings{}, true},
		"held twice, as was read":              {12, ledger.Entry{Rows: 10, Counted: 12}, false, Findings{Matched: 12}, false},
		"one more than was read":               {13, ledger.Entry{Rows: 10, Counted: 12}, false, Findings{}, true},
		"unreadable, and all known":            {10, ledger.Entry{Rows: 10}, true, Findings{Matched: 10}, false},
		"unreadable, and an old count says so": {12, ledger.Entry{Rows: 10, Counted: 12}, true, Findings{}, true},
		"held twice, refused and then fewer":   {5, ledger.Entry{Rows: 4, Counted: 5, Refused: 1}, false, Findings{Matched: 4, Refused: 1}, false},
	} {
		settled, doubt := Compare(map[ledger.Bin]int{bin: c.counted},
			func(ledger.Bin) ledger.Entry { return c.entry }, func(ledger.Bin) bool { return c.unread })
		if c.doubt {
			assert.Equal(t, []ledger.Bin{bin}, doubt, name)
			assert.Empty(t, settled, name)
			continue
		}
		assert.Empty(t, doubt, name)
		assert.Equal(t, map[ledger.Bin]Findings{bin: c.want}, settled, name)
	}
}

func TestReread(t *testing.T) {
	for name, c := range map[string]struct {
		counted, found, given int
		entry                 ledger.Entry
		unread                bool
		want                  Findings
	}{
		"recovered":                        {12, 2, 12, ledger.Entry{Rows: 12}, false, Findings{Matched: 10, Recovered: 2}},
		"missing":                          {12, 0, 11, ledger.Entry{Rows: 11}, false, Findings{Matched: 11, Missing: 1}},
		"more than was counted":            {12, 3, 13, ledger.Entry{Rows: 13}, false, Findings{Matched: 10, Recovered: 3}},
		"found and refused":                {12, 0, 12, ledger.Entry{Rows: 12, Refused: 2}, false, Findings{Matched: 10, Refused: 2}},
		"refused, recovered, missing":      {12, 1, 11, ledger.Entry{Rows: 11, Refused: 4}, false, Findings{Matched: 6, Recovered: 1, Refused: 4, Missing: 1}},
		"found at an earlier try":          {12, 5, 12, ledger.Entry{Rows: 12}, false, Findings{Matched: 7, Recovered: 5}},
		"refused rows that left the range": {2, 0, 2, ledger.Entry{Rows: 9, Refused: 5}, false, Findings{Refused: 2}},
		"unread":                           {12, 0, 3, ledger.Entry{Rows: 10}, true, Findings{Matched: 10, Unread: 2}},
		"unread, and nothing given":        {12, 0, 0, ledger.Entry{}, true, Findings{Unread: 12}},
		"unread, some refused":             {12, 1, 3, ledger.Entry{Rows: 10, Refused: 4}, true, Findings{Matched: 5, Recovered: 1, Refused: 4, Unread: 2}},
	} {
		cell := Cell{From: noon, To: noon.Add(time.Minute), Counted: c.counted, Found: c.found}
		assert.Equal(t, c.want, cell.Reread(c.given, c.entry, c.unread), name)
	}
}

func TestReport(t *testing.T) {
	for want, c := range map[string]struct {
		report Report
		level  zapcore.Level
	}{
		"all rows that the service counts were delivered": {Report{Findings: Findings{Matched: 9}}, zapcore.InfoLevel},
		"2 rows were seen only after their time had been read, and delivered now; all others had been delivered": {
			Report{Findings: Findings{Matched: 9, Recovered: 2}}, zapcore.WarnLevel,
		},
		"3 rows were refused by the pipeline for good and kept in the dead letters": {
			Report{Findings: Findings{Matched: 9, Refused: 3}, Kept: true}, zapcore.WarnLevel,
		},
		"1 row is missing since 2026-11-21T12:00:00Z, which the service counts and does not give when it is asked again; " +
			"1 row was refused by the pipeline for good and passed over, because dead_letter::directory is not set": {
			Report{Findings: Findings{Refused: 1, Missing: 1}, MissingSince: noon}, zapcore.ErrorLevel,
		},
		"4 rows are in ranges that cannot be read (1 set aside) and are tried again": {
			Report{Findings: Findings{Unread: 4}, Unreadable: 1}, zapcore.WarnLevel,
		},
		"0 rows are in ranges that cannot be read (2 set aside) and are tried again": {
			Report{Findings: Findings{Matched: 4}, Unreadable: 2}, zapcore.WarnLevel,
		},
	} {
		assert.Equal(t, want, c.report.String())
		assert.Equal(t, c.level, c.report.Level(), want)
		if c.report.Refused+c.report.Missing+c.report.Unread > 0 {
			assert.NotContains(t, want, "all", "not all was delivered")
		}
	}
}

func TestRetry(t *testing.T) {
	var pauses []time.Duration
	for tries := 1; tries <= 7; tries++ {
		pauses = append(pauses, Retry(32*time.Minute, tries))
	}
	assert.Equal(t, []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 16 * time.Minute, 16 * time.Minute}, pauses)
}

// Missing rows are trouble of the receiver's status; what was refused or recovered is told by the report alone.
func TestReportOfMissingRowsIsTrouble(t *testing.T) {
	require.NoError(t, Report{Findings: Findings{Matched: 3, Recovered: 1, Refused: 1}}.Err())
	err := Report{Findings: Findings{Missing: 2}, MissingSince: time.Unix(0, 0)}.Err()
	require.EqualError(t, err, "2 rows are missing since 1970-01-01T00:00:00Z, which the service counts and does not give when it is asked again")
}
