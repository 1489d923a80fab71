package service

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// stampLayout is a time as the service writes it, always with all of its digits.
const stampLayout = "2006-01-02T15:04:05.0000000Z"

// firstReportID makes all report ids ten digits wide.
const firstReportID = 1_000_000_000

// template is a row in which times and the report id are written anew.
type template struct {
	text []byte
	// happened, arrived and now are the places of times in text; reports those of report ids.
	happened, arrived, now, reports []int
}

// moment is what a template is filled with.
type moment struct {
	happened, arrived, now time.Time
	report                 int
}

// place is the list of the places of a column, nil for one whose values stay.
func (t *template) place(column string) *[]int {
	switch column {
	case "Timestamp", "InfoTimestamp":
		return &t.happened
	case "IngestionTime", "LaterTimestamp":
		return &t.arrived
	case "ServiceNow":
		return &t.now
	case "ReportId":
		return &t.reports
	default:
		return nil
	}
}

// newTemplate reads a row.
func newTemplate(row []byte) (template, error) {
	var t template
	decoder := jsontext.NewDecoder(bytes.NewReader(row))
	if _, err := decoder.ReadToken(); err != nil {
		return template{}, fmt.Errorf("read a recorded row: %w", err)
	}
	t.text = append(t.text, '{')
	for decoder.PeekKind() != '}' {
		name, err := decoder.ReadValue()
		if err != nil {
			return template{}, fmt.Errorf("read a recorded row: %w", err)
		}
		if len(t.text) > 1 {
			t.text = append(t.text, ',')
		}
		t.text = append(append(t.text, name...), ':')
		column := string(name[1 : len(name)-1])
		value, err := decoder.ReadValue()
		if err != nil {
			return template{}, fmt.Errorf("read a recorded row: %w", err)
		}
		t.add(t.place(column), value)
	}
	t.text = append(t.text, '}')
	return t, nil
}

// add adds a value. One that is written anew gets its width here; a null stays what it is.
func (t *template) add(places *[]int, value jsontext.Value) {
	switch {
	case places != nil && value.Kind() == '"' && places != &t.reports:
		*places = append(*places, len(t.text)+1)
		t.text = append(append(append(t.text, '"'), stampLayout...), '"')
	case places != nil && value.Kind() == '0':
		*places = append(*places, len(t.text))
		t.text = strconv.AppendInt(t.text, firstReportID, 10)
	default:
		t.text = append(t.text, value...)
	}
}

// appendTo appends the row, filled.
func (t *template) appendTo(buf []byte, m moment) []byte {
	at := len(buf)
	buf = append(buf, t.text...)
	row := buf[at:]
	stamp := make([]byte, 0, len(stampLayout))
	for _, times := range []struct {
		places []int
		time   time.Time
	}{{t.happened, m.happened}, {t.arrived, m.arrived}, {t.now, m.now}} {
		if len(times.places) == 0 {
			continue
		}
		stamp = times.time.UTC().AppendFormat(stamp[:0], stampLayout)
		for _, place := range times.places {
			copy(row[place:], stamp)
		}
	}
	stamp = strconv.AppendInt(stamp[:0], int64(firstReportID+m.report), 10)
	for _, place := range t.reports {
		copy(row[place:], stamp)
	}
	return buf
}

// newTemplates reads rows.
func newTemplates(rows [][]byte) ([]template, error) {
	templates := slices.Grow([]template(nil), len(rows))
	for _, row := range rows {
		t, err := newTemplate(row)
		if err != nil {
			return nil, err
		}
		templates = append(templates, t)
	}
	return templates, nil
}
