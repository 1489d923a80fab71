package checkup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/query"
)

// maxLacking bounds the queries of one table whose columns are missing.
const maxLacking = 3

// tables asks each table for what of it would be read.
func (w *walk) tables(ctx context.Context) {
	readable, unknown := 0, 0
	for i := range w.Tables {
		t := &w.Tables[i]
		began := time.Now()
		f := w.table(ctx, t)
		w.check(diagnosis.Tables, "table", t.Name, began, f)
		w.count(t, f)
		switch {
		case f.outcome == diagnosis.Throttled || f.outcome == diagnosis.QuotaSpent || ctx.Err() != nil:
			if rest := len(w.Tables) - i - 1; rest > 0 {
				w.skip("tables", fmt.Sprintf("%d more tables were not asked, to leave the quota alone", rest))
			}
			return
		case isReadable(f):
			readable++
		case f.outcome == diagnosis.ServiceFailed:
			unknown++
		}
	}
	if readable+unknown == 0 {
		w.check(diagnosis.Tables, "tables", "", time.Now(), finding{
			diagnosis.Failed, diagnosis.Fatal, "none of the enabled tables can be read", "see the remedies above", nil,
		})
		return
	}
	w.countDevices(ctx)
}

func isReadable(f finding) bool { return f.rows != nil || f.severity == diagnosis.Fine }

// count adds a table's rows to the whole.
func (w *walk) count(t *Table, f finding) {
	switch {
	case f.rows == nil:
	case t.Name == w.Devices.Name:
		w.result.Devices = f.rows
	case t.Kind != tables.Directory:
		if w.result.RecentEvents == nil {
			w.result.RecentEvents = new(int64)
		}
		*w.result.RecentEvents += *f.rows
	}
}

// countDevices asks for the devices where their table is not among the enabled ones.
func (w *walk) countDevices(ctx context.Context) {
	if slices.ContainsFunc(w.Tables, func(t Table) bool { return t.Name == w.Devices.Name }) {
		return
	}
	began := time.Now()
	f := w.table(ctx, &Table{Table: w.Devices, Auto: true})
	w.result.Devices = f.rows
	f.severity = min(f.severity, diagnosis.Warning)
	w.check(diagnosis.Tables, "devices", w.Devices.Name, began, f)
}

// table is what can be read of a table. One table's trouble is never the receiver's.
func (w *walk) table(ctx context.Context, t *Table) finding {
	f := w.look(ctx, t)
	f.severity = min(f.severity, diagnosis.Warning)
	if f.severity == diagnosis.Warning && f.remedy == "" {
		f.remedy = "set tables::" + t.Name + "::enabled: false if you can do without it"
	}
	return f
}

func (w *walk) look(ctx context.Context, t *Table) finding {
	if t.Source == tables.Graph {
		return w.users(ctx)
	}
	now := w.Now().Add(w.ahead)
	span := query.Page{From: now.Add(-recent), To: now}
	q := t.Table
	var lacking []string
	for {
		a, err := w.ask(ctx, q.Sample(span))
		switch column, can := leaveOut(q, lacking, err); {
		case can:
			lacking = append(lacking, column)
			q.Table = t.Without(lacking...)
		case failure.SaysNoArrival(err) && q.TimeBasis == query.Arrival:
			q.TimeBasis = query.EventTime
		case err != nil:
			return w.refused(t, err)
		default:
			return w.sampled(ctx, t, q, a, lacking)
		}
	}
}

// leaveOut is the column that the receiver would leave out after an error.
func leaveOut(q query.Table, lacking []string, err error) (string, bool) {
	refused := (*hunting.Error)(nil)
	if !errors.As(err, &refused) || refused.Kind != hunting.UnknownColumn || len(lacking) == maxLacking {
		return "", false
	}
	_, declared := q.Column(refused.Name)
	return refused.Name, declared && !q.Needs(refused.Name) && !slices.Contains(q.UserColumns, refused.Name) && !slices.Contains(lacking, refused.Name)
}

// sampled is what the answer of a table says.
func (w *walk) sampled(ctx context.Context, t *Table, q query.Table, a answer, lacking []string) finding {
	if t.Kind == tables.Alerts && q.TimeBasis == query.Arrival && a.rows > 0 {
		probed, err := w.ask(ctx, q.Probe())
		switch {
		case failure.SaysNoArrival(err):
			q.TimeBasis = query.EventTime
		case err != nil:
			return w.refused(t, err)
		default:
			a.unknown = probed.unknown
		}
	}
	f := ofRows(t, a)
	asked := t.TimeBasis == query.Arrival
	switch {
	case len(lacking) > 0:
		f.outcome, f.severity = diagnosis.UnknownColumn, diagnosis.Warning
		f.detail += "; the service lacks " + strings.Join(lacking, ", ")
		f.remedy = "nothing to do: the receiver leaves it out, and asks for it again once a day"
	case asked && (a.unknown > 0 || q.TimeBasis != query.Arrival):
		noArrival(&f, t.Auto)
	case asked && a.rows > 0:
		f.detail += ", with ingestion_time()"
	}
	return f
}

func ofRows(t *Table, a answer) finding {
	f := fine("%s %s in the last %d h", diagnosis.Number(a.rows), things(t.Name, a.rows), int(recent/time.Hour))
	f.rows = &a.rows
	if a.rows != 0 {
		return f
	}
	f.outcome = diagnosis.Empty
	f.detail = fmt.Sprintf("empty: no %s in the last %d h", things(t.Name, 0), int(recent/time.Hour))
	switch {
	case t.Kind == tables.Alerts:
		// Many a tenant has none for days.
	case t.Name == "DeviceInfo":
		f.severity, f.remedy = diagnosis.Warning, "onboard devices to Defender for Endpoint; if there are some, check that this is their tenant"
	case !t.UserFilter.IsZero():
		f.severity, f.remedy = diagnosis.Warning, "look at tables::"+t.Name+"::filter, and whether the product that fills the table is in use"
	default:
		f.severity, f.remedy = diagnosis.Warning, "if rows are expected, check that the product that fills the table is in use, and set up"
	}
	return f
}

// things are what a table's rows are.
func things(table string, n int64) string {
	word := map[string]string{"DeviceInfo": "device", "IdentityInfo": "identity"}[table]
	switch {
	case word == "":
		word = "event"
	case n != 1 && strings.HasSuffix(word, "y"):
		return strings.TrimSuffix(word, "y") + "ies"
	}
	if n != 1 {
		word += "s"
	}
	return word
}

func noArrival(f *finding, auto bool) {
	f.outcome = diagnosis.NoArrival
	f.detail += "; ingestion_time() is not known"
	if auto {
		f.detail += ", so the table is read along event time: rows that come later than late_arrival::overlap come by the audit"
		return
	}
	f.severity, f.remedy = diagnosis.Warning, "set late_arrival::mode: auto, or the table pauses"
}

// refused is an error of a table's query.
func (w *walk) refused(t *Table, err error) finding {
	f := w.judge(err)
	refused := (*hunting.Error)(nil)
	if !errors.As(err, &refused) {
		return f
	}
	where := "tables::" + t.Name
	switch refused.Kind {
	case hunting.UnknownTable:
		f.detail = "not in this plan: " + f.detail
		f.remedy = "if the tenant should have it, assign the licence of the product that fills it; else set " + where + "::enabled: false"
		if _, known := tables.ByName(t.Name); !known {
			f.remedy = "check the spelling of " + where + ", which is none of the tables that this release knows; else set " + where + "::enabled: false"
		}
	case hunting.UnknownColumn:
		if t.Needs(refused.Name) {
			f.remedy = "set " + where + "::enabled: false: the table cannot be read without " + refused.Name
			break
		}
		f.remedy = "take " + refused.Name + " out of " + where + "::columns and " + where + "::filter, if it stands there; else set " + where + "::enabled: false"
	case hunting.BadQuery:
		f.remedy = "look at " + where + "::filter and " + where + "::columns, if they are set"
	case hunting.TooLarge, hunting.TooHeavy:
		f = fine("there are too many rows to count a day of them at once; the receiver reads them in parts")
	default:
	}
	return f
}

// users asks Graph for the first page of users.
func (w *walk) users(ctx context.Context) finding {
	if err := w.takeTurn(ctx, w.Directory); err != nil {
		return w.judge(err)
	}
	w.sent++
	rows, err := w.Directory.Users(ctx, "")
	if err != nil {
		return of(err) // a 429 of the directory is not the hunting API's
	}
	defer rows.Close()
	ok, err := rows.Next(pcommon.NewMap())
	switch {
	case err != nil:
		return of(err)
	case !ok:
		return finding{diagnosis.Empty, diagnosis.Warning, "empty: Graph shows no users", "check that this is the users' tenant", nil}
	}
	return fine("Graph shows its users")
}
