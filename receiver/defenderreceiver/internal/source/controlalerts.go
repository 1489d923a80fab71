package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/posture"
)

// TechniqueAlerts are the alerts of the last days, and their place in the storage. The list of alerts adds to them. A nil one
// has no alerts.
type TechniqueAlerts struct {
	*posture.Controls
	key string
}

// NewTechniqueAlerts takes up what a storage has.
func NewTechniqueAlerts(ctx context.Context, controls *posture.Controls, store storage.Client, key string, now time.Time) (*TechniqueAlerts, error) {
	t := &TechniqueAlerts{Controls: controls, key: key}
	reads := []*storage.Operation{storage.GetOperation(key + "/since")}
	days := controls.Days(now)
	for _, day := range days {
		reads = append(reads, storage.GetOperation(t.keyOf(day)))
	}
	if err := store.Batch(ctx, reads...); err != nil {
		return nil, fmt.Errorf("read %q from the storage: %w", key, err)
	}
	if since, err := time.Parse(time.RFC3339Nano, string(reads[0].Value)); err == nil {
		controls.Begin(since)
	}
	for i, day := range days {
		if data := reads[i+1].Value; data != nil {
			if err := controls.Load(day, data); err != nil {
				return nil, fmt.Errorf("the stored value of %q cannot be used: %w", t.keyOf(day), err)
			}
		}
	}
	return t, nil
}

func (t *TechniqueAlerts) keyOf(day string) string { return t.key + "/" + day }

func (t *TechniqueAlerts) read(body pcommon.Map) posture.Alert {
	if t == nil {
		return posture.Alert{}
	}
	return posture.AlertOf(body)
}

func (t *TechniqueAlerts) accept(a posture.Alert) {
	if t != nil {
		t.Accept(a)
	}
}

func (t *TechniqueAlerts) begin(since time.Time) {
	if t != nil {
		t.Begin(since)
	}
}

func (t *TechniqueAlerts) complete(until time.Time) {
	if t != nil {
		t.Complete(until)
	}
}

// changes are the operations that store what has changed, to be told whether they were done.
func (t *TechniqueAlerts) changes() (ops []*storage.Operation, failed func(), err error) {
	if t == nil {
		return nil, func() {}, nil
	}
	changed, err := t.Changed()
	if err != nil {
		return nil, nil, err
	}
	ops = append(ops, storage.SetOperation(t.key+"/since", []byte(t.Since().UTC().Format(time.RFC3339Nano))))
	for day, data := range changed {
		if data == nil {
			ops = append(ops, storage.DeleteOperation(t.keyOf(day)))
		} else {
			ops = append(ops, storage.SetOperation(t.keyOf(day), data))
		}
	}
	return ops, func() { t.NotStored(changed) }, nil
}

// ControlAlerts gives, once for each day of Secure Score, how many alerts belong to each control. It asks the service for nothing.
type ControlAlerts struct {
	Name     string
	Store    storage.Client
	StoreKey string
	Controls *posture.Controls
	Records  *ScoreRecords
	// Table reads the user's table, which may have changed.
	Table  func() (posture.Table, error)
	Now    func() time.Time // of the service
	Health *health.Source

	last string // the day that was counted last
	came time.Time
}

// Resume takes up which day was counted last.
func (c *ControlAlerts) Resume(ctx context.Context) error {
	data, err := c.Store.Get(ctx, c.StoreKey)
	if err != nil {
		return fmt.Errorf("%s: read %q from the storage: %w", c.Name, c.StoreKey, err)
	}
	c.last = string(data)
	return nil
}

// errTable is a table that cannot be used.
var errTable = errors.New("the table of controls and techniques cannot be used, so no alerts of controls are counted")

// Poll counts if there is a day to count.
func (c *ControlAlerts) Poll(ctx context.Context) (bool, error) {
	table, err := c.Table()
	if err != nil {
		return false, fmt.Errorf("%w: %w", errTable, err)
	}
	c.Health.Progress(c.Now())
	counted, due := c.Controls.Count(table, c.last)
	if !due {
		return false, nil
	}
	var uids []uuid.UUID
	for _, control := range counted.Controls {
		uid, err := c.Records.add(ctx, bodyOf(counted, control), scoreRecord{
			event: logrecord.EventSecureScoreControlAlerts, identity: counted.Day + "\x00" + control.ID, at: counted.To, day: counted.Day, name: control.ID,
		})
		if err != nil {
			return false, err
		}
		uids = append(uids, uid)
	}
	if err := c.Records.deliver(ctx); err != nil {
		return false, err
	}
	c.Records.forget(uids)
	c.last, c.came = counted.Day, c.Now()
	if err := c.Store.Set(context.WithoutCancel(ctx), c.StoreKey, []byte(c.last)); err != nil {
		return false, fmt.Errorf("%w: %s: write %q: %w", failure.ErrStorage, c.Name, c.StoreKey, err)
	}
	return false, nil
}

// bodyOf is the body of a control's record.
func bodyOf(counted posture.Counted, control posture.ControlAlerts) pcommon.Map {
	body := pcommon.NewMap()
	body.PutStr("day", counted.Day)
	body.PutStr("from", counted.From.UTC().Format(time.RFC3339Nano))
	body.PutStr("to", counted.To.UTC().Format(time.RFC3339Nano))
	body.PutStr("controlName", control.ID)
	body.PutStr("title", control.Title)
	body.PutStr("controlCategory", control.Category)
	body.PutStr("state", control.State)
	if control.Score >= 0 {
		body.PutDouble("score", control.Score)
	}
	if control.Max >= 0 {
		body.PutDouble("maxScore", control.Max)
	}
	techniques := body.PutEmptySlice("techniques")
	for _, id := range control.Techniques {
		techniques.AppendEmpty().SetStr(id)
	}
	body.PutInt("alerts", int64(control.Alerts))
	bySeverity, byTechnique := body.PutEmptyMap("alertsBySeverity"), body.PutEmptyMap("alertsByTechnique")
	for severity, n := range control.BySeverity {
		bySeverity.PutInt(severity, int64(n))
	}
	for technique, n := range control.Seen {
		byTechnique.PutInt(technique, int64(n))
	}
	return body
}

// Furthest is when a day was counted last.
func (c *ControlAlerts) Furthest() time.Time { return c.came }

// Situation says that others are not concerned.
func (c *ControlAlerts) Situation() failure.Situation {
	return failure.Situation{ServiceNow: c.Now(), OwnLimits: true}
}

// Advise says which setting names the table.
func (c *ControlAlerts) Advise(err error) error {
	if errors.Is(err, errTable) {
		return fmt.Errorf("check feeds::secure_scores::control_alerts::techniques_file: %w", err)
	}
	return err
}

// Adapt has nothing to leave out.
func (*ControlAlerts) Adapt(error) bool { return false }

// AskForLess has nothing to ask for.
func (*ControlAlerts) AskForLess(context.Context, failure.Doubt, error) bool { return false }

// Succeeded has nothing to do.
func (*ControlAlerts) Succeeded() {}
