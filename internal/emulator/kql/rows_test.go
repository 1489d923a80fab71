package kql

import (
	"testing"

	"github.com/stretchr/testify/assert"
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

// The tables and results of Microsoft's page on the join operator.
const joinTables = `
let X = datatable(Key:string, Value1:long)['a',1, 'b',2, 'b',3, 'c',4];
let Y = datatable(Key:string, Value2:long)['b',10, 'c',20, 'c',30, 'd',40];
`

func TestJoins(t *testing.T) {
	checkRows(t, memoryDatabase{}, []rowCase{
		{joinTables + `X | join kind=inner Y on Key`, []string{"b 2 b 10", "b 3 b 10", "c 4 c 20", "c 4 c 30"}},
		{joinTables + `X | join kind=leftouter Y on Key`, []string{"b 2 b 10", "b 3 b 10", "c 4 c 20", "c 4 c 30", "a 1  null"}},
		{joinTables + `X | join kind=rightouter Y on Key`, []string{"b 2 b 10", "b 3 b 10", "c 4 c 20", "c 4 c 30", " null d 40"}},
		{joinTables + `X | join kind=fullouter Y on Key`, []string{"b 2 b 10", "b 3 b 10", "c 4 c 20", "c 4 c 30", "a 1  null", " null d 40"}},
		{joinTables + `X | join kind=leftanti Y on Key`, []string{"a 1"}},
		{joinTables + `X | join kind=rightanti Y on Key`, []string{"d 40"}},
		{joinTables + `X | join kind=leftsemi Y on Key`, []string{"b 2", "b 3", "c 4"}},
		{joinTables + `X | join kind=rightsemi Y on Key`, []string{"b 10", "c 20", "c 30"}},
		{joinTables + `X | join kind=inner Y on $left.Key == $right.Key | project Key1, Value1`, []string{"b 2", "b 3", "c 4", "c 4"}},
		{joinTables + `X | lookup Y on Key`, []string{"b 2 10", "b 3 10", "c 4 20", "c 4 30", "a 1 null"}},
		// A null has no partner, an empty string has.
		{`datatable(a:long, s:string)[long(null), ""] | join kind=inner (datatable(a:long, s:string)[long(null), ""]) on a`, nil},
		{`datatable(a:long, s:string)[long(null), ""] | join kind=inner (datatable(a:long, s:string)[long(null), ""]) on s | count`, []string{"1"}},
		{`datatable(a:long)[long(null)] | join kind=fullouter (datatable(a:long)[long(null), 2]) on a`, []string{"null null", "null null", "null 2"}},
	})
	// Without a kind, one left row of each key, whichever comes first.
	for seed := range uint64(4) {
		got := run(t, memoryDatabase{}, joinTables+`X | join Y on Key | project Key, Value2`, seed)
		assert.ElementsMatch(t, []string{"b 10", "c 20", "c 30"}, got)
	}
}

func TestNullLogic(t *testing.T) {
	checkRows(t, memoryDatabase{}, []rowCase{
		// The example of Microsoft's page on null values.
		{
			`datatable(val:int)[5, int(null)] | project val, a = val > 3, b = val > 3 or isnull(val), c = val == int(null), d = val != int(null)`,
			[]string{"5 true true false true", "null null true null null"},
		},
		{`datatable(ival:int, sval:string)[5, "a", int(null), "b"] | where ival != 5`, []string{"null b"}},
		{`datatable(a:long)[1, long(null)] | where a == 1 or a == 2`, []string{"1"}},
		{`datatable(a:long)[1, long(null)] | where not(a > 0)`, nil},
		{`datatable(a:long)[1, long(null)] | where a in (1, 2)`, []string{"1"}},
		{`datatable(a:long)[1, long(null)] | where a !in (1, 2)`, []string{"null"}},
		{`print bool(null) and false, bool(null) and true, bool(null) or true, bool(null) or false`, []string{"false null true null"}},
		{`print long(null) + 1, isnull(long(null)), isnull(""), isempty(""), isempty(long(null)), strcat("a", long(null))`, []string{"null true false true true a"}},
		{`print coalesce("", "x"), coalesce(long(null), 5), iff(bool(null), "a", "b"), max_of(long(null), 3)`, []string{"x 5 b 3"}},
		{`datatable(a:long)[1, long(null), 3] | summarize count(), sum(a), avg(a), min(a), max(a), dcount(a), make_list(a)`, []string{"3 4 2.0 1 3 2 [1,3]"}},
		{`datatable(a:long)[] | summarize count(), sum(a), min(a), make_set(a)`, []string{"0 0 null []"}},
		{`datatable(a:long)[] | summarize count() by a`, nil},
	})
}

func TestScalars(t *testing.T) {
	checkRows(t, memoryDatabase{}, []rowCase{
		{
			`print hash("World"), hash(datetime("2015-01-01")), hash("World", 100), hash(datetime(2015-01-01), 100)`,
			[]string{"1846988464401551951 1380966698541616202 51 2"},
		},
		{
			`print 7 / 2, -7 / 2, 7 % 3, -7 % 3, 7.0 / 2, 1 / 0, 9223372036854775807 + 1, 5 % -3, -5 % -3`,
			[]string{"3 -3 1 2 3.5 null -9223372036854775808 2 1"},
		},
		{
			`print bin(4.5, 1), bin(7, 5), bin(-7, 5), bin(datetime(1970-05-11 13:45:07), 1d), bin(2d + 3h, 1d)`,
			[]string{"4.0 5 -10 1970-05-11T00:00:00.0000000Z 2.00:00:00"},
		},
		{
			`print datetime(2026-01-01 00:00:00.1234567) + 1tick, 1.5h, 90m, time(1.02:03:04.5), datetime(2026-01-02) - datetime(2026-01-01), 1h / 1m, 2 * 1d`,
			[]string{"2026-01-01T00:00:00.1234568Z 01:30:00 01:30:00 1.02:03:04.5000000 1.00:00:00 60.0 2.00:00:00"},
		},
		{
			`print startofday(datetime(2026-11-21 10:11:12)), endofday(datetime(2026-11-21)), startofweek(datetime(2026-11-21)), startofmonth(datetime(2026-11-21), -1), endofyear(datetime(2026-01-01))`,
			[]string{"2026-11-21T00:00:00.0000000Z 2026-11-21T23:59:59.9999999Z 2026-11-15T00:00:00.0000000Z 2026-10-01T00:00:00.0000000Z 2026-12-31T23:59:59.9999999Z"},
		},
		// The examples of Microsoft's pages on datetime_add, datetime_diff and format_datetime.
		{
			`print datetime_add('year', 1, datetime(2017-01-01)), datetime_add('month', 1, datetime(2017-01-31)), datetime_add('week', 1, datetime(2017-01-01)), datetime_add('second', 1, datetime(2017-01-01))`,
			[]string{"2018-01-01T00:00:00.0000000Z 2017-02-28T00:00:00.0000000Z 2017-01-08T00:00:00.0000000Z 2017-01-01T00:00:01.0000000Z"},
		},
		{
			`print datetime_diff('year',datetime(2017-01-01),datetime(2000-12-31)), datetime_diff('quarter',datetime(2017-07-01),datetime(2017-03-30)), datetime_diff('month',datetime(2017-01-01),datetime(2015-12-30)), datetime_diff('week',datetime(2017-10-29 00:00),datetime(2017-09-30 23:59)), datetime_diff('day',datetime(2017-10-29 00:00),datetime(2017-09-30 23:59)), datetime_diff('hour',datetime(2017-10-31 01:00),datetime(2017-10-30 23:59))`,
			[]string{"17 2 13 5 29 2"},
		},
		{`print format_datetime(datetime(2017-12-14 02:03:04.12345), 'yyyy-MM-dd h:m:s.fffffff tt [HH]')`, []string{"2017-12-14 2:3:4.1234500 AM [02]"}},
		{
			`print "Renewable" has "new", "a-B_c.d" has "b", "x b y" has "B", "x b y" has_cs "B", "a.b.c" has "b.c", "ab.c" has "b.c", "north america" has "north", "powershell.exe -enc" has_any ("cmd", "exe")`,
			[]string{"false true true false true false true true"},
		},
		{
			`print "abc" contains "B", "abc" contains_cs "B", "abc" !contains "z", "abc" startswith "AB", "abc" endswith_cs "BC", "Abc" =~ "aBC", "a" !~ "A", "cmd.exe" hasprefix "CM", "cmd.exe" hassuffix "md"`,
			[]string{"true false true true false true false true true"},
		},
		{
			`print "abc" matches regex "^a.c$", "ABC" in~ ("abc"), "ABC" in ("abc"), 3 between (1 .. 3), 4 !between (1 .. 3), datetime(2026-01-02) between (datetime(2026-01-01) .. 1d)`,
			[]string{"true true false true true true"},
		},
		{
			`print substring("abcdefg", 1, 2), substring("ABCD", -2), split("a_b_c", "_"), split("a_b", "_", 1), indexof("abcdefg", "cde"), indexof("abc", "x"), strlen("hé"), toupper("a"), replace_string("aXa", "a", "b"), replace_regex("Number is 1", @"is (\d+)", @"was: \1")`,
			[]string{`bc CD ["a","b","c"] ["b"] 2 -1 2 A bXb Number was: 1`},
		},
		{
			`print trim("--", "--https://bing.com--"), trim_start("-", "--a-"), trim_end("-", "-a--"), extract("x=([0-9.]+)", 1, "hello x=45.6|wo"), extract("x=([0-9.]+)", 1, "hello x=45.6|wo", typeof(real)) , extract("z", 0, "abc")`,
			[]string{"https://bing.com -a- -a- 45.6 45.6 "},
		},
		{
			`print toint("5"), tolong("0x1F"), toreal("1.5"), tobool("true"), tobool(0), toint("x"), tostring(1.0), tostring(true), tostring(1h), todatetime("2026-01-01"), toint(2.9), tostring(dynamic({"b":1,"a":[1,"x"]}))`,
			[]string{`5 31 1.5 true false null 1.0 true 01:00:00 2026-01-01T00:00:00.0000000Z 2 {"a":[1,"x"],"b":1}`},
		},
		{
			`print a = parse_json('{"a":{"b":[{"c d":5}]},"n":1.5}') | project a.a.b[0]["c d"], a["n"], a.x, tolong(a.a.b[0]["c d"]) + 1, isnull(a.x), isempty(a.x.y), a.a.b[-1]`,
			[]string{`5 1.5 null 6 true true {"c d":5}`},
		},
		{
			`print bag_pack("a", 1, "b", "x"), pack_array(1, "x", datetime(2026-01-01)), array_length(dynamic([1,2])), set_has_element(dynamic(["a"]), "a"), bag_keys(dynamic({"b":1,"a":2})), array_concat(dynamic([1]), dynamic([2])), parse_json("not json")`,
			[]string{`{"a":1,"b":"x"} [1,"x","2026-01-01T00:00:00.0000000Z"] 2 true ["a","b"] [1,2] not json`},
		},
		{`print "a\t\"\u00e9" 'b', @"c:\d""e", h'secret', 'it''s'`, []string{"a\t\"éb c:\\d\"e secret its"}},
		{`print a = 1 // comment
		  , b = case(1 > 2, "x", 2 > 1, "y", "z"), c = abs(-5), d = round(2.567, 2)`, []string{"1 y 5 2.57"}},
		{`print now(), ago(5m), ingestion_time()`, []string{"2026-11-21T10:05:00.0000000Z 2026-11-21T10:00:00.0000000Z null"}},
	})
}

func TestOperators(t *testing.T) {
	db := memoryDatabase{"T": newTable("A:long S:string D:dynamic",
		[]Value{NewLong(1), NewString("a"), NewDynamic([]any{int64(1), int64(2)})},
		[]Value{NewLong(2), NewString("b"), Null(Dynamic)},
		[]Value{Null(Long), NewString("a"), NewDynamic(map[string]any{"k": "v"})},
	)}
	checkRows(t, db, []rowCase{
		{`T | summarize n = count(), s = make_set(A), m = max(A) - min(A) by S`, []string{"a 2 [1] 0", "b 1 [2] 0"}},
		{`T | summarize arg_max(A, *) by S | project S, A, D`, []string{"a 1 [1,2]", "b 2 null"}},
		{`T | extend X = A | summarize arg_max(X, *) by S | project S, X, A`, []string{"a 1 1", "b 2 2"}},
		{`T | summarize arg_min(A, S)`, []string{"1 a"}},
		// Two columns of one value are still two columns.
		{`T | extend E = A | summarize arg_max(E, *) by S | project S, E, A`, []string{"a 1 1", "b 2 2"}},
		{`T | extend K = S | summarize arg_max(A, *) by K | project K, S, A`, []string{"a a 1", "b b 2"}},
		{`T | where isnull(A) | summarize arg_max(A, S)`, []string{"null "}},
		{`T | distinct S`, []string{"a", "b"}},
		{`T | count`, []string{"3"}},
		{`T | mv-expand D | project S, D`, []string{"a 1", "a 2", "b null", `a {"k":"v"}`}},
		{`T | mv-expand with_itemindex=i x = D to typeof(long) | project S, i, x`, []string{"a 0 1", "a 1 2", "b 0 null", "a 0 null"}},
		{`union withsource=W T, (T | where A == 1) | summarize count() by W`, []string{"T 3", "union_arg1 1"}},
		{`union (T | project x = A), (T | project x = S) | where isnotempty(x_string) | project x_string`, []string{"a", "b", "a"}},
		{`union isfuzzy=true T, Nope | count`, []string{"3"}},
		{`T | where S in ((T | where A == 1 | project S)) | count`, []string{"2"}},
		{`T | where A == toscalar(T | summarize max(A)) | project S`, []string{"b"}},
		{`let f = (n: long) { n * 10 }; T | project x = f(A)`, []string{"10", "20", "null"}},
		{`let f = (X: (S: string), s: string) { X | where S == s }; f(T, "b") | project A`, []string{"2"}},
		{`T | extend A = A + 1, B = A | project A, B`, []string{"2 1", "3 2", "null null"}},
		{`T | project-away D | project-rename Z = S | project-reorder Z`, []string{"a 1", "b 2", "a null"}},
		{`range x from 1 to 10 step 4`, []string{"1", "5", "9"}},
		{`T | summarize percentiles(A, 50, 100), stdev(A)`, []string{"1 2 0.7071067811865476"}},
		{`T | project pack_all()`, []string{`{"A":1,"D":[1,2],"S":"a"}`, `{"A":2,"D":null,"S":"b"}`, `{"A":null,"D":{"k":"v"},"S":"a"}`}},
	})
	for query, want := range map[string][]string{
		`T | sort by A | project A`:                            {"2", "1", "null"},
		`T | sort by A asc | project A`:                        {"null", "1", "2"},
		`T | sort by A asc nulls last | project A`:             {"1", "2", "null"},
		`T | sort by A desc nulls first | project A`:           {"null", "2", "1"},
		`T | top 1 by A | project A`:                           {"2"},
		`T | sort by S asc, A desc | project S, A`:             {"a 1", "a null", "b 2"},
		`T | sort by A asc | where A > 0 | take 1 | project A`: {"1"},
		`T | sort by A asc | extend p = prev(A), n = next(A, 1, -1), r = row_number() | project p, n, r`: {"null 1 1", "null 2 2", "1 -1 3"},
		`T | sort by A asc | extend r = row_number(), c = row_cumsum(A) | sort by r desc | project r, c`: {"3 3", "2 1", "1 0"},
		`T | sort by A asc nulls last | extend n = next(A) | take 1 | project A, n`:                      {"1 2"},
		`T | sort by A asc | take 2 | sort by A desc | take 1 | project A`:                               {"1"},
		`T | getschema | project ColumnName, ColumnOrdinal, DataType`:                                    {"A 0 System.Int64", "S 1 System.String", "D 2 System.Object"},
	} {
		assert.Equal(t, want, run(t, db, query, 3), query)
	}
}
