package kusto

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestColumns(t *testing.T) {
	for predicate, want := range map[string][]string{
		`DeviceName endswith ".acme.local"`:                                              {"DeviceName"},
		`FileNam startswith "x" and RemotePort between (1 .. 1024)`:                      {"FileNam", "RemotePort"},
		`DeviceName !has "DeviceNmae" or AccountName in~ ('a''b', "LogonID")`:            {"DeviceName", "AccountName"},
		`FolderPath startswith @"C:\Users\" and not(FileName =~ h'secret')`:              {"FolderPath", "FileName"},
		`parse_json(AdditionalFields).Kind == "x" and AdditionalFields["Other"] has 'y'`: {"AdditionalFields"},
		`Timestamp > ago(1d) and Timestamp < datetime(2026-01-01T00:00:00Z)`:             {"Timestamp"},
		`DeviceId in ((DeviceInfo | where Strange has "|" | project DeviceId))`:          {"DeviceId"},
		`Port in (1, 0x1F, 2h) and Tags has_any (dynamic(["a", {"b": c}]))`:              {"Port", "Tags"},
		`isnotempty( AccountUpn ) and tostring(LogonId) matches regex "(a|b)"`:           {"AccountUpn", "LogonId"},
		`true`: nil,
	} {
		assert.Equal(t, want, Columns(predicate), predicate)
	}
}

// FuzzColumns: whatever a user writes, reading it ends and does not panic.
func FuzzColumns(f *testing.F) {
	f.Add(`a.b == "c" and datetime(`)
	f.Add(`(x | y`)
	f.Fuzz(func(_ *testing.T, predicate string) { Columns(predicate) })
}
