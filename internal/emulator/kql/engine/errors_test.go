package engine

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/syntax"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

func TestErrorsInTheServicesWords(t *testing.T) {
	db, _ := schemaDatabase()
	for query, want := range map[string]string{
		`DeviceProcessEventz | where Timestamp > ago(1h)`: "'where' operator: Failed to resolve table or column expression named 'DeviceProcessEventz'. Fix semantic errors in your query.",
		`Nope`:                                "Failed to resolve table or column expression named 'Nope'. Fix semantic errors in your query.",
		`let x = Nope | take 5; DeviceEvents`: "'take' operator: Failed to resolve table or column expression named 'Nope'. Fix semantic errors in your query.",
		`DeviceEvents | join kind=inner Nope on DeviceId`: "'join' operator: Failed to resolve table or column expression named 'Nope'. Fix semantic errors in your query.",
		`DeviceEvents | project x`:                        "'project' operator: Failed to resolve scalar expression named 'x'. Fix semantic errors in your query.",
		`DeviceEvents | where timestamp > now()`:          "'where' operator: Failed to resolve scalar expression named 'timestamp'. Fix semantic errors in your query.",
		`DeviceEvents | where nope(1)`:                    "'where' operator: Failed to resolve scalar expression named 'nope'. Fix semantic errors in your query.",
		`DeviceEvents | where FileName == 1`:              "'where' operator: Cannot compare values of types string and long. Try adding explicit casts. Fix semantic errors in your query.",
		`DeviceEvents | where FileName > "a"`:             "'where' operator: The operator '>' is not defined for the operand types string and string. Fix semantic errors in your query.",
		`DeviceEvents | where true == 1`:                  "'where' operator: Cannot compare values of types bool and long. Try adding explicit casts. Fix semantic errors in your query.",
	} {
		_, err := Compile(db, query, Options{Now: now})
		assert.EqualError(t, err, want, query)
		var asError *syntax.Error
		require.ErrorAs(t, err, &asError)
		assert.False(t, asError.Syntax, query)
	}
	for _, query := range []string{"", ";", "DeviceEvents |", "DeviceEvents | where (", `DeviceEvents | where FileName == "`, "DeviceEvents | frobnicate", "DeviceEvents | take 5 5", "let x = 5;"} {
		_, err := Compile(db, query, Options{Now: now})
		var asError *syntax.Error
		require.ErrorAs(t, err, &asError, query)
		assert.True(t, asError.Syntax, query)
		assert.Contains(t, asError.Message, "Fix syntax errors in your query.", query)
	}
}

func TestHostileTextIsRefused(t *testing.T) {
	db, _ := schemaDatabase()
	var doubling strings.Builder
	doubling.WriteString("let a0 = DeviceEvents;")
	for i := range 40 {
		n := string(rune('a'+i%26)) + strings.Repeat("x", i/26)
		p := "a0"
		if i > 0 {
			p = string(rune('a'+(i-1)%26)) + strings.Repeat("x", (i-1)/26)
		}
		doubling.WriteString("let " + n + " = union " + p + ", " + p + ";")
	}
	doubling.WriteString("nxx")
	for _, query := range []string{
		"print " + strings.Repeat("(", 100_000) + "1",
		"print " + strings.Repeat("-", 100_000) + "1",
		"print " + strings.Repeat("not(", 1000) + "true" + strings.Repeat(")", 1000),
		"DeviceEvents" + strings.Repeat(" | take 1", 10_000),
		doubling.String(),
	} {
		_, err := Compile(db, query, Options{Now: now})
		assert.Error(t, err)
	}
	_, err := Compile(db, "DeviceEvents | where "+strings.Repeat("ReportId == 1 or ", 2000)+"ReportId == 2", Options{Now: now})
	assert.NoError(t, err, "a long filter is not a deep one")
}

func FuzzCompile(f *testing.F) {
	for _, file := range []string{"valid", "wrong", "types_valid", "types_wrong", "refused"} {
		for _, query := range readQueries(f, "testdata/"+file+".kql") {
			f.Add(query)
		}
	}
	db, _ := schemaDatabase()
	db["T"].rows = [][]value.Value{{
		value.NewDateTime(base), value.NewString("a"), value.NewString(""), value.NewInt(1), value.NewLong(2), value.NewReal(1.5), value.NewBool(true), value.NewDynamic(map[string]any{"a": []any{int64(1)}}), value.NewTimeSpan(5),
	}}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Compile(db, text, Options{Now: now})
		if err != nil {
			var asError *syntax.Error
			require.ErrorAs(t, err, &asError)
			return
		}
		rows := 0
		_, err = q.Run(t.Context(), func(row []value.Value) bool {
			require.Len(t, row, len(q.Columns()))
			for i, v := range row {
				require.Equal(t, q.Columns()[i].Type, v.Type())
			}
			rows++
			return rows < 1000
		})
		require.NoError(t, err)
	})
}
