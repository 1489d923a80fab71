package service

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"time"
)

// mostBytes is the service's limit of an answer.
const mostBytes = 50_000_000

// tooLarge is how the service refuses a query whose result has more.
const tooLarge = "Query execution has exceeded the allowed result size. Optimize your query by limiting the number of results and try again."

// answer is an answer to a query.
type answer struct {
	schema string
	// now is the row with the service's time, if it has one of its own; rows are all others.
	now  []byte
	rows iter.Seq[[]byte]
	// replayed is how many rows of a table there are in it; of a directory none.
	replayed int
}

const (
	probeSchema  = `[{"name":"Rows","type":"Int64"},{"name":"Unknown","type":"Int64"},{"name":"ServiceNow","type":"DateTime"}]`
	countsSchema = `[{"name":"Bin","type":"DateTime"},{"name":"Rows","type":"Int64"},{"name":"ServiceNow","type":"DateTime"}]`
	leftSchema   = `[{"name":"AllRows","type":"Int64"},{"name":"HumanRows","type":"Int64"},{"name":"ReadRows","type":"Int64"},{"name":"ServiceNow","type":"DateTime"}]`
	nowSchema    = `[{"name":"Timestamp","type":"DateTime"},{"name":"ServiceNow","type":"DateTime"}]`
)

// answerTo is the answer to a query at a time. A false result is one that is too large.
func (s *Service) answerTo(q query, now time.Time) (answer, bool) {
	stamp := now.UTC().Format(stampLayout)
	table := s.streams[q.table]
	if table == nil {
		table = &stream{} // a table without rows
	}
	switch q.kind {
	case askNow:
		return row(probeSchema, fmt.Sprintf(`{"Rows":1,"Unknown":0,"ServiceNow":%q}`, stamp)), true
	case askProbe:
		return row(probeSchema, fmt.Sprintf(`{"Rows":100,"Unknown":0,"ServiceNow":%q}`, stamp)), true
	case askCounts:
		return answer{schema: countsSchema, rows: table.counts(q, stamp)}, true
	case askLeft:
		first, end := table.between(q.from, q.to)
		n := end - first
		return row(leftSchema, fmt.Sprintf(`{"AllRows":%d,"HumanRows":%d,"ReadRows":%d,"ServiceNow":%q}`, n, n, n, stamp)), true
	case askNewest:
		return table.snapshot(q, now), true
	default:
		return table.page(q, now)
	}
}

// row is an answer of one row.
func row(schema, text string) answer {
	return answer{schema: schema, rows: func(yield func([]byte) bool) { yield([]byte(text)) }}
}

// empty is an answer that has the service's time only.
func (s *stream) empty(now time.Time) answer {
	none := func(func([]byte) bool) {}
	if s.table.Now == nil {
		return answer{schema: nowSchema, now: fmt.Appendf(nil, `{"Timestamp":null,"ServiceNow":%q}`, now.UTC().Format(stampLayout)), rows: none}
	}
	return answer{schema: string(s.table.Schema), now: s.now.appendTo(nil, moment{now: now}), rows: none}
}

func (s *stream) page(q query, now time.Time) (answer, bool) {
	a := s.empty(now)
	first, end := s.between(q.from, q.to)
	end = min(end, first+q.take)
	if s.size(first, end) > mostBytes {
		return answer{}, false
	}
	a.rows, a.replayed = s.written(first, end), end-first
	return a, true
}

// snapshot is a whole directory where a long past is asked for. Nothing of it changes afterwards.
func (s *stream) snapshot(q query, now time.Time) answer {
	a := s.empty(now)
	if q.to.Sub(q.from) >= 24*time.Hour {
		a.rows = s.newest(q.from.Add(q.to.Sub(q.from) / 2))
	}
	return a
}

// counts are the rows of each bin of a range.
func (s *stream) counts(q query, stamp string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for bin := q.from.Truncate(q.bin); bin.Before(q.to); bin = bin.Add(q.bin) {
			from, to := later(bin, q.from), bin.Add(q.bin)
			if to.After(q.to) {
				to = q.to
			}
			first, end := s.between(from, to)
			if first == end {
				continue
			}
			if !yield(fmt.Appendf(nil, `{"Bin":%q,"Rows":%d,"ServiceNow":%q}`, bin.UTC().Format(stampLayout), end-first, stamp)) {
				return
			}
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// write writes the answer as Graph does.
func (a answer) write(w io.Writer) error {
	out := bufio.NewWriterSize(w, 64<<10)
	_, _ = out.WriteString(`{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults","schema":`)
	_, _ = out.WriteString(a.schema)
	_, _ = out.WriteString(`,"results":[`)
	_, _ = out.Write(a.now)
	comma := a.now != nil
	for row := range a.rows {
		if comma {
			_ = out.WriteByte(',')
		}
		comma = true
		if _, err := out.Write(row); err != nil {
			return err
		}
	}
	_, _ = out.WriteString("]}")
	return out.Flush() // it has the first error of the writes above
}

// refusalBody is an error as Graph writes it.
func refusalBody(code, message string) []byte {
	body, _ := json.Marshal(map[string]any{"error": map[string]any{"code": code, "message": message}}) // texts alone
	return body
}
