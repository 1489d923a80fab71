package source

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/posture"
)

// ScoreRecords makes records of Secure Score and delivers them.
type ScoreRecords struct {
	tenant  uuid.UUID
	outlet  *delivery.Outlet
	metrics FeedMetrics
	health  *health.Source
	now     func() time.Time // this machine's clock

	// settled are the records that were accepted, or refused for good (true), of what is not delivered to its end: if the
	// rest is held, they are not given again.
	settled map[uuid.UUID]bool
}

// NewScoreRecords makes records of a tenant.
func NewScoreRecords(tenantID string, outlet *delivery.Outlet, metrics FeedMetrics, seen *health.Source, now func() time.Time) *ScoreRecords {
	return &ScoreRecords{tenant: tenantOf(tenantID), outlet: outlet, metrics: metrics, health: seen, now: now, settled: map[uuid.UUID]bool{}}
}

// scoreRecord is one record that is to be made.
type scoreRecord struct {
	event     string
	identity  string // what tells it apart from others of its event
	at        time.Time
	day, name string // of the attributes; empty: it has none
}

// add adds a record, whose body is moved, unless it is settled. It gives the record's id.
func (r *ScoreRecords) add(ctx context.Context, body pcommon.Map, made scoreRecord) (uuid.UUID, error) {
	uid := uuid.NewSHA1(r.tenant, []byte(made.event+"\x00"+made.identity))
	r.health.Read(1)
	if _, done := r.settled[uid]; done || r.outlet.Holds(uid) {
		r.metrics.Duplicates(ctx, 1)
		return uid, nil
	}
	// When it was read after its time says nothing of how long it took to come: a score has the time of its midnight.
	record := r.outlet.Add(body, delivery.Row{UID: uid, At: made.at}, r.now())
	r.describe(record, made)
	if r.outlet.Full() {
		return uid, r.deliver(ctx)
	}
	return uid, nil
}

func (*ScoreRecords) describe(record plog.LogRecord, made scoreRecord) {
	record.SetEventName(made.event)
	record.SetTimestamp(pcommon.NewTimestampFromTime(made.at))
	if made.day != "" {
		record.Attributes().PutStr(logrecord.AttributeScoreDay, made.day)
	}
	if made.name != "" {
		record.Attributes().PutStr(logrecord.AttributeScoreControl, made.name)
	}
}

// deliver hands the batch over, and notes what became of its records.
func (r *ScoreRecords) deliver(ctx context.Context) error {
	result, err := r.outlet.Deliver(ctx)
	for i, row := range result.Rows {
		if outcome := result.Outcomes[i]; outcome != delivery.Held {
			r.settled[row.UID] = outcome == delivery.Refused
		}
	}
	return err
}

// day delivers the score of a day and its controls, and tells how many of its records were refused for good.
func (r *ScoreRecords) day(ctx context.Context, body pcommon.Map, score posture.Score, at time.Time) (records, refused int, err error) {
	controls := pcommon.NewSlice()
	if list, ok := body.Get("controlScores"); ok && list.Type() == pcommon.ValueTypeSlice {
		list.Slice().CopyTo(controls) // the body is another record's
	}
	uid, err := r.add(ctx, body, scoreRecord{event: logrecord.EventSecureScore, identity: score.Day, at: at, day: score.Day})
	uids, seen := []uuid.UUID{uid}, map[string]int{}
	for i := 0; err == nil && i < controls.Len(); i++ {
		control := controls.At(i)
		if control.Type() != pcommon.ValueTypeMap {
			continue
		}
		name := textOf(control.Map(), "controlName")
		identity := score.Day + "\x00" + name
		if seen[name]++; seen[name] > 1 {
			identity += "\x00" + strconv.Itoa(seen[name])
		}
		uid, err = r.add(ctx, control.Map(), scoreRecord{event: logrecord.EventSecureScoreControl, identity: identity, at: at, day: score.Day, name: name})
		uids = append(uids, uid)
	}
	if err == nil {
		err = r.deliver(ctx)
	}
	if err != nil {
		return 0, 0, err
	}
	return len(uids), r.forget(uids), nil
}

// forget drops records of something that was delivered to its end, and tells how many of them were refused.
func (r *ScoreRecords) forget(uids []uuid.UUID) (refused int) {
	for _, uid := range uids {
		if r.settled[uid] {
			refused++
		}
		delete(r.settled, uid)
	}
	return refused
}

// profile adds the record of a profile.
func (r *ScoreRecords) profile(ctx context.Context, body pcommon.Map, p posture.Profile, now time.Time) (uuid.UUID, error) {
	at := p.Modified
	if at.IsZero() {
		at = now
	}
	return r.add(ctx, body, scoreRecord{event: logrecord.EventSecureScoreControlProfile, identity: p.ID + "\x00" + p.Version, at: at, name: p.ID})
}

// known counts records of a day that was delivered before.
func (r *ScoreRecords) known(ctx context.Context, records int) {
	r.health.Read(records)
	r.metrics.Duplicates(ctx, records)
}
