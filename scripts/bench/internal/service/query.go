package service

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// kind is what a query asks for.
type kind uint8

const (
	askNow    kind = iota // the service's time
	askProbe              // whether rows say when they arrived
	askPage               // rows in order of arrival
	askNewest             // the newest row of each device or person
	askCounts             // rows by bin
	askLeft               // how many rows filters leave on the server
)

// query is a query as far as the service looks at it.
type query struct {
	kind     kind
	table    string
	from, to time.Time
	take     int
	bin      time.Duration
}

var (
	rangePattern = regexp.MustCompile(`where \w+ >= datetime\(([^)]+)\) and \w+ < datetime\(([^)]+)\)`)
	takePattern  = regexp.MustCompile(`(?m)^\| take (\d+)$`)
	binPattern   = regexp.MustCompile(`by Bin = bin\(\w+, (\d+)s\)`)
	namePattern  = regexp.MustCompile(`^\w+`)
	// evidencePattern names the table of a query that joins two.
	evidencePattern = regexp.MustCompile(`let evidence = (\w+)`)
)

// parse reads a query. The error says what about it is none of the receiver's.
func parse(text string) (query, error) {
	switch {
	case strings.HasPrefix(text, "print "):
		return query{kind: askNow}, nil
	case strings.HasPrefix(text, "union (") && strings.Contains(text, "Unknown = countif"):
		return query{kind: askProbe}, nil
	}
	q := query{table: namePattern.FindString(text)}
	if found := evidencePattern.FindStringSubmatch(text); found != nil {
		q.table = found[1]
	}
	if err := q.readRange(text); err != nil {
		return query{}, err
	}
	take := takePattern.FindStringSubmatch(text)
	bin := binPattern.FindStringSubmatch(text)
	switch {
	case strings.Contains(text, "| where hash("):
		return query{}, fmt.Errorf("a page of %s in parts: no two replayed rows arrive at once", q.table)
	case strings.Contains(text, "summarize AllRows ="):
		q.kind = askLeft
	case bin != nil:
		seconds, err := strconv.Atoi(bin[1])
		if err != nil {
			return query{}, fmt.Errorf("the width of a bin: %w", err)
		}
		q.kind, q.bin = askCounts, time.Duration(seconds)*time.Second
	case take == nil:
		return query{}, fmt.Errorf("a query of %s that the receiver does not send", q.table)
	default:
		var err error
		if q.take, err = strconv.Atoi(take[1]); err != nil {
			return query{}, fmt.Errorf("the rows of a page: %w", err)
		}
		q.kind = askPage
		if strings.Contains(text, "summarize arg_max(") {
			q.kind = askNewest
		}
	}
	return q, nil
}

func (q *query) readRange(text string) error {
	found := rangePattern.FindStringSubmatch(text)
	if found == nil {
		return fmt.Errorf("a query of %s without a range of time", q.table)
	}
	var err error
	if q.from, err = time.Parse(time.RFC3339Nano, found[1]); err != nil {
		return fmt.Errorf("the beginning of a range: %w", err)
	}
	if q.to, err = time.Parse(time.RFC3339Nano, found[2]); err != nil {
		return fmt.Errorf("the end of a range: %w", err)
	}
	return nil
}

// WithRange is a page query of the receiver's over another range, with another number of rows.
func WithRange(text string, from, to time.Time, take int) string {
	found := rangePattern.FindStringSubmatch(text)
	if found == nil {
		return text
	}
	replace := strings.NewReplacer(
		"datetime("+found[1]+")", "datetime("+from.UTC().Format(stampLayout)+")",
		"datetime("+found[2]+")", "datetime("+to.UTC().Format(stampLayout)+")",
	)
	return takePattern.ReplaceAllString(replace.Replace(text), "| take "+strconv.Itoa(take))
}
