package defendercontrolextension

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/control"
)

// fakeReceiver is a receiver that remembers what it was told.
type fakeReceiver struct {
	mu     sync.Mutex // guards everything below
	status control.ReceiverStatus
	told   []string
	err    error
}

func (f *fakeReceiver) Status() control.ReceiverStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	status := f.status
	status.Tables = append([]control.Table(nil), f.status.Tables...)
	return status
}

func (f *fakeReceiver) Pause(_ context.Context, table string) error {
	return f.tell("pause", table, func(t *control.Table) { t.State, t.Reason, t.NextPoll = control.Paused, control.ReasonUser, nil })
}

func (f *fakeReceiver) Resume(_ context.Context, table string) error {
	return f.tell("resume", table, func(t *control.Table) { t.State, t.Reason, t.LastError = control.Running, "", "" })
}

func (f *fakeReceiver) ResumeAll(ctx context.Context) error {
	var errs []error
	for _, t := range f.Status().Tables {
		errs = append(errs, f.Resume(ctx, t.Name))
	}
	return errors.Join(errs...)
}

func (f *fakeReceiver) tell(what, table string, change func(*control.Table)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = append(f.told, what+" "+table)
	for i := range f.status.Tables {
		if f.status.Tables[i].Name == table {
			change(&f.status.Tables[i])
			return f.err
		}
	}
	return fmt.Errorf("%s: %w", table, control.ErrNoTable)
}

// fakeResolver is a resolver that can be stopped.
type fakeResolver struct {
	stopped bool
	err     error
}

func (f *fakeResolver) Status() control.ResolverStatus {
	return control.ResolverStatus{
		ID: "alert_resolver/x", Mode: "enabled", Stopped: f.stopped, Pending: 1200, Decisions: map[string]int64{"resolved": 3, "left_alone": 1}, LastError: "no <way>",
	}
}

func (f *fakeResolver) Stop(context.Context) error {
	f.stopped = true
	return f.err
}

func (f *fakeResolver) Resume(context.Context) error {
	f.stopped = false
	return f.err
}

// fakeTester can test and report, too.
type fakeTester struct{ *fakeReceiver }

type fakeResult struct {
	Said string `json:"said"`
}

func (r fakeResult) Text() string { return r.Said + " <b>" }

func (fakeTester) Test(context.Context) (control.Result, error) { return fakeResult{"all fine"}, nil }

func (fakeTester) Report(_ context.Context, day time.Time) (control.Result, error) {
	return fakeResult{"the day " + day.Format(time.DateOnly)}, nil
}

type fakeProcessor struct{}

func (fakeProcessor) Status() control.ProcessorStatus {
	return control.ProcessorStatus{ID: "total_normalize", Records: []control.Count{
		{Table: "DeviceLogonEvents", Outcome: "mapped", Reason: "account", Records: 47800},
		{Table: "DeviceLogonEvents", Outcome: "dropped", Reason: "system", Records: 12},
		{Table: "DeviceEvents", Outcome: "dropped", Reason: "no_account", Records: 5140},
		{Table: "DeviceInfo", Outcome: "dropped", Reason: "directory", Records: 900},
		{Table: "DeviceEvents", Outcome: "dropped", Reason: "unmapped", Records: 0},
	}}
}

// newFake is a receiver all of whose tables are fine.
func newFake(now time.Time) *fakeReceiver {
	at := func(d time.Duration) *time.Time { t := now.Add(d).UTC(); return &t }
	f := &fakeReceiver{status: control.ReceiverStatus{
		ID: "defender", State: control.Running, Troubles: []string{},
		Quota: control.Quota{Share: 0.5, Windows: []control.Window{
			{Resource: "requests", Window: "1m", Used: 9, Limit: 22, Ratio: 9. / 22},
			{Resource: "requests", Window: "1h", Used: 214, Limit: 750, Ratio: 214. / 750},
			{Resource: "cpu", Window: "15m", Used: 21, Limit: 75, Ratio: .28},
			{Resource: "cpu", Window: "1h", Used: 88, Limit: 300, Ratio: 88. / 300},
			{Resource: "cpu", Window: "24h", Used: 1300, Limit: 7200, Ratio: 1300. / 7200},
		}},
		Credentials: control.Credentials{Method: "client_secret", Expires: at(90 * 24 * time.Hour)},
	}}
	for i, name := range []string{"DeviceLogonEvents", "Alerts", "DeviceProcessEvents", "DeviceNetworkEvents", "DeviceFileEvents", "DeviceEvents", "DeviceInfo"} {
		lag := float64(130 + 17*i)
		rows, sum := make([]int, 60), 0
		for minute := range rows {
			rows[minute] = ((minute*37+i*11)%19 + 4) * (40 - 5*i) / 4
			sum += rows[minute]
		}
		t := control.Table{
			Name: name, Kind: "table", State: control.Running, Lane: "live", CompleteUntil: at(-time.Duration(lag) * time.Second), LagSeconds: &lag,
			Rows:  control.Rows{RowsDelivered: sum * 9, RowsPerMinute: rows},
			Polls: control.Polls{Interval: 60, LastPoll: at(-20 * time.Second), NextPoll: at(40 * time.Second)},
			Audit: &control.Audit{Matched: sum*9 - 40, Last: at(-23 * time.Minute)},
		}
		if name == "DeviceInfo" {
			t.Kind, t.Audit = "directory", nil
		}
		f.status.Tables = append(f.status.Tables, t)
	}
	f.status.Tables = append(f.status.Tables, control.Table{Name: "Users", Kind: "directory", State: control.Disabled, Rows: control.Rows{RowsPerMinute: []int{}}})
	return f
}
