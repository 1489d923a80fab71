package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// rowCase is a query and its rows; a query without a final sort has its rows compared as a set.
type rowCase struct {
	query string
	want  []string
}

func checkRows(t *testing.T, db Database, cases []rowCase) {
	t.Helper()
	for _, c := range cases {
		got := run(t, db, c.query, 7)
		if len(c.want) == 0 {
			assert.Empty(t, got, c.query)
			continue
		}
		assert.ElementsMatch(t, c.want, got, c.query)
	}
}

// joinTables are the tables of Microsoft's page on the join operator, and one with a null.
func joinTables() memoryDatabase {
	rows := func(keys string, numbers ...int64) (all [][]value.Value) {
		for i, n := range numbers {
			all = append(all, []value.Value{value.NewString(keys[i : i+1]), value.NewLong(n)})
		}
		return all
	}
	return memoryDatabase{
		"X": newTable("Key:string Value1:long", rows("abbc", 1, 2, 3, 4)...),
		"Y": newTable("Key:string Value2:long", rows("bccd", 10, 20, 30, 40)...),
		"N": newTable("a:long s:string", []value.Value{value.Null(value.Long), value.NewString("")}),
	}
}

// The results are those of that page.
func TestJoins(t *testing.T) {
	checkRows(t, joinTables(), []rowCase{
		{`X | join kind=inner Y on Key`, []string{"b 2 b 10", "b 3 b 10", "c 4 c 20", "c 4 c 30"}},
		{`X | join kind=inner (Y | where Value2 < 30) on Key | project Key1, Value1`, []string{"b 2", "b 3", "c 4"}},
		{`X | join kind=leftouter Y on Key`, []string{"b 2 b 10", "b 3 b 10", "c 4 c 20", "c 4 c 30", "a 1  null"}},
		// A null has no partner, an empty string has.
		{`N | join kind=inner N on a`, nil},
		{`N | join kind=leftouter N on a`, []string{"null  null "}},
		{`N | join kind=inner N on s`, []string{"null  null "}},
		{`N | join kind=inner N on s, a`, nil},
	})
	for _, query := range []string{`X | join Y on Key`, `X | join kind=fullouter Y on Key`, `X | join kind=inner Y on Value1`, `X | join kind=inner Y on $left.Key == $right.Key`} {
		_, err := Compile(joinTables(), query, Options{Now: now})
		assert.Error(t, err, query)
	}
}

func TestNullLogic(t *testing.T) {
	db := memoryDatabase{
		"V": newTable("val:int sval:string", []value.Value{value.NewInt(5), value.NewString("a")}, []value.Value{value.Null(value.Int), value.NewString("b")}),
		"L": newTable("a:long", []value.Value{value.NewLong(1)}, []value.Value{value.Null(value.Long)}),
		"E": newTable("a:long"),
	}
	checkRows(t, db, []rowCase{
		// The example of Microsoft's page on null values.
		{
			`V | project val, a = val > 3, b = val > 3 or isnull(val), c = val == int(null), d = val != int(null)`,
			[]string{"5 true true false true", "null null true null null"},
		},
		{`V | where val != 5 | project val, sval`, []string{"null b"}},
		{`L | where a == 1 or a == 2`, []string{"1"}},
		{`L | where not(a > 0)`, nil},
		{`L | where a in (1, 2)`, []string{"1"}},
		{`L | where a !in (1, 2)`, []string{"null"}},
		{`print bool(null) and false, bool(null) and true, bool(null) or true, bool(null) or false`, []string{"false null true null"}},
		{`print long(null) + 1, isnull(long(null)), isnull(""), isempty(""), isempty(long(null)), strcat("a", long(null))`, []string{"null true false true true a"}},
		{`print iff(bool(null), "a", "b"), max_of(long(null), 3), not(bool(null)), long(null) < 1`, []string{"b 3 null null"}},
		{`L | summarize count(), min(a), make_set(a), countif(a == 1)`, []string{"2 1 [1] 1"}},
		{`E | summarize count(), min(a), make_set(a)`, []string{"0 null []"}},
		{`E | summarize count() by a`, nil},
	})
}

func TestScalars(t *testing.T) {
	checkRows(t, memoryDatabase{}, []rowCase{
		{
			`print hash("World"), hash(datetime("2015-01-01")), hash("World", 100), hash(datetime(2015-01-01), 100)`,
			[]string{"1846988464401551951 1380966698541616202 51 2"},
		},
		{`print 7 + 2, 7 - 9, 7.5 + 2, -3, 9223372036854775807 + 1`, []string{"9 -2 9.5 -3 -9223372036854775808"}},
		{
			`print bin(7, 5), bin(-7, 5), bin(datetime(1970-05-11 13:45:07), 1d), bin(2d + 3h, 1d), bin(7, 0)`,
			[]string{"5 -10 1970-05-11T00:00:00.0000000Z 2.00:00:00 null"},
		},
		{
			`print datetime(2026-01-01 00:00:00.1234567) + 1tick, 1.5h, 90m, datetime(2026-01-02) - datetime(2026-01-01), datetime(0001-01-01) - 1d`,
			[]string{"2026-01-01T00:00:00.1234568Z 01:30:00 01:30:00 1.00:00:00 null"},
		},
		{
			`print "Renewable" has "new", "a-B_c.d" has "b", "x b y" has "B", "x b y" has_cs "B", "a.b.c" has "b.c", "ab.c" has "b.c", "north america" has "north", "powershell.exe -enc" has_any ("cmd", "exe"), "a b" has_all ("a", "c")`,
			[]string{"false true true false true false true true false"},
		},
		{
			`print "abc" contains "B", "abc" contains_cs "B", "abc" !contains "z", "abc" startswith "AB", "abc" endswith_cs "BC", "Abc" =~ "aBC", "a" !~ "A"`,
			[]string{"true false true true false true false"},
		},
		{
			`print "abc" matches regex "^a.c$", "ABC" in~ ("abc"), "ABC" in ("abc"), 3 between (1 .. 3), 4 !between (1 .. 3), datetime(2026-01-02) between (datetime(2026-01-01) .. 1d)`,
			[]string{"true true false true true true"},
		},
		{`print tostring(1.0), tostring(true), tostring(1h), tolower("aB"), tostring(parse_json('{"b":1,"a":[1,"x"]}'))`, []string{`1.0 true 01:00:00 ab {"a":[1,"x"],"b":1}`}},
		{
			`print a = parse_json('{"a":{"b":{"c d":5}},"n":1.5}') | project a.a.b.["c d"], a.n, a.x, isnull(a.x), isempty(a.x.y), a.a.b.["c d"] == 5, a.n > 1.0, a.n == "x", a.n in (1.5)`,
			[]string{`5 1.5 null true true true true false true`},
		},
		{`print bag_pack("a", 1, "b", "x", "c", datetime(2026-01-01)), parse_json("not json"), parse_json("")`, []string{`{"a":1,"b":"x","c":"2026-01-01T00:00:00.0000000Z"} not json null`}},
		{`print "a\t\"\u00e9" 'b', @"c:\d""e", 'it''s'`, []string{"a\t\"éb c:\\d\"e its"}},
		{`print a = 1 // comment
		  , b = iff(1 > 2, "x", "y"), c = iff(1 > 2, 1, 2.5)`, []string{"1 y 2.5"}},
		{`print now(), ago(5m), ingestion_time()`, []string{"2026-11-21T10:05:00.0000000Z 2026-11-21T10:00:00.0000000Z null"}},
	})
}

func TestOperators(t *testing.T) {
	db := memoryDatabase{"T": newTable("A:long S:string D:dynamic",
		[]value.Value{value.NewLong(1), value.NewString("a"), value.NewDynamic([]any{int64(1), int64(2)})},
		[]value.Value{value.NewLong(2), value.NewString("b"), value.Null(value.Dynamic)},
		[]value.Value{value.Null(value.Long), value.NewString("a"), value.NewDynamic(map[string]any{"k": "v"})},
	)}
	checkRows(t, db, []rowCase{
		{`T | summarize n = count(), s = make_set(A), m = min(A) + 1 by S`, []string{"a 2 [1] 2", "b 1 [2] 3"}},
		{`T | summarize make_set(D)`, []string{`[1,2,{"k":"v"}]`}},
		{`T | summarize arg_max(A, *) by S | project S, A, D`, []string{"a 1 [1,2]", "b 2 null"}},
		{`T | summarize arg_max(A, S, D = tostring(D))`, []string{"2 b "}},
		// Two columns of one value are still two columns.
		{`T | extend E = A | summarize arg_max(E, *) by S | project S, E, A`, []string{"a 1 1", "b 2 2"}},
		{`T | extend K = S | summarize arg_max(A, *) by K | project K, S, A`, []string{"a a 1", "b b 2"}},
		{`T | where isnull(A) | summarize arg_max(A, S)`, []string{"null "}},
		{`union T, (T | where A == 1) | summarize count() by S`, []string{"a 3", "b 1"}},
		{`union (T | project x = A), (T | project x = S) | where isnotempty(x_string) | project x_string`, []string{"a", "b", "a"}},
		{`T | where S in ((T | where A == 1 | project S)) | summarize count()`, []string{"2"}},
		{`T | where S has_any ((T | where A == 2 | project S)) | project A`, []string{"2"}},
		{`let x = T | where A > 1; x | project A`, []string{"2"}},
		{`T | extend A = A + 1, B = A | project A, B`, []string{"2 1", "3 2", "null null"}},
	})
	for query, want := range map[string][]string{
		`T | sort by A | project A`:                                                       {"2", "1", "null"},
		`T | sort by A asc | project A`:                                                   {"null", "1", "2"},
		`T | sort by S asc, A desc | project S, A`:                                        {"a 1", "a null", "b 2"},
		`T | sort by A asc | where A > 0 | take 1 | project A`:                            {"1"},
		`T | sort by A asc | extend p = prev(A), n = next(A) | project p, n`:              {"null 1", "null 2", "1 null"},
		`T | sort by A asc | where isnotnull(A) | extend n = next(A) | project A, n`:      {"1 2", "2 null"},
		`T | sort by A asc | take 2 | sort by A desc | take 1 | project A`:                {"1"},
		`T | sort by A asc | where A != prev(A) or isnull(A) | project A`:                 {"null", "1", "2"},
		`T | sort by A asc | union (print Now = now()) | sort by Now asc, A asc | take 2`: {"null a {\"k\":\"v\"} null", "1 a [1,2] null"},
	} {
		assert.Equal(t, want, run(t, db, query, 3), query)
	}
}
