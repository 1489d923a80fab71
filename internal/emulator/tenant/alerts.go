package tenant

import (
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
)

// alert is one alert with all that AlertInfo and AlertEvidence tell of it.
type alert struct {
	key      uint64
	id       string
	kind     *alertKind
	person   *Person
	other    *Person // somebody else whom a few alerts involve
	device   *device
	activity int64 // when what it is about happened
	raised   int64 // when it was generated
}

const (
	alertWidth = 6 * minute
	// Rows of people per alert in a large tenant; a small one has at least one alert in a bucket.
	rowsPerAlert = 5_000
	// How long after the alert its rows arrive, but for the few that AlertApartMax allows.
	maxAlertDelay = 12 * minute
	minUpdate     = 20 * minute // after which an alert may be changed
	maxUpdate     = 2 * hour
	// How long after the activity an alert is raised.
	maxDetection = 4 * hour
)

// alertStream walks the alerts that were raised in a bucket; rows gives those of one alert.
func alertStream(t *table, rows func(r *row, a *alert, emit func() bool) bool) []*stream {
	fill := func(r *row, start int64, emit func() bool) bool {
		for _, a := range t.tenant.alertsOf(start) {
			// One that was raised before the history begins would have lost rows to it.
			if a.raised < t.since {
				continue
			}
			r.alert, r.device, r.person = a, a.device, a.person
			if !rows(r, a, emit) {
				return false
			}
		}
		return true
	}
	latest := alertWidth + maxUpdate + maxAlertDelay + maxVisibleLag
	if t.tenant.cfg.AlertApartShare > 0 {
		latest += ticksOf(t.tenant.cfg.AlertApartMax)
	}
	return []*stream{{
		width: alertWidth, fill: fill,
		event: engine.Range{From: -maxDetection, To: alertWidth + maxUpdate}, ingestion: engine.Range{From: 0, To: latest},
	}}
}

// alertsOf are the alerts that were raised in the bucket that begins at start.
func (t *Tenant) alertsOf(start int64) []*alert {
	perBucket := float64(t.cfg.RowsPerDay) * attendedShare * humanShare / rowsPerAlert / float64(day/alertWidth)
	bucket := derive(deriveText(t.cfg.Seed, "alerts"), uint64(start/alertWidth))
	n := 1
	if perBucket > 1 {
		n = int(perBucket)
		if chance(derive(bucket, drawOutcome), perBucket-float64(n)) {
			n++
		}
	}
	alerts := make([]*alert, 0, n)
	for i := range n {
		if a := t.alert(derive(bucket, uint64(i)), start); a != nil {
			alerts = append(alerts, a)
		}
	}
	return alerts
}

// alert draws an alert of the bucket that begins at start; nil if nobody was at work.
func (t *Tenant) alert(key uint64, start int64) *alert {
	a := &alert{key: key, kind: pick(derive(key, drawKind), alertKinds)}
	a.raised = start + between(derive(key, drawArrival), 0, alertWidth-1)
	detection := between(derive(key, drawLag), minute, 20*minute)
	if below(derive(key, drawLag), 10) == 0 {
		detection = between(derive(key, drawLag), hour, maxDetection-second)
	}
	a.activity = a.raised - detection
	a.person = t.roster.somebody(derive(key, drawPerson), a.activity)
	if a.person == nil {
		return nil
	}
	a.device = a.person.devices[0]
	if a.other = t.roster.somebody(derive(key, drawRemote), a.activity); a.other == nil {
		a.other = a.person
	}
	a.id = "da638" + itoa(100_000_000_000_000+key%800_000_000_000_000) + "_-" + itoa(key>>20%2_000_000_000)
	if a.kind.service == "Microsoft Defender for Office 365" {
		a.id = "fa" + guid(key)
	}
	return a
}

// delay is how long after an alert one of its rows is ingested.
func (t *Tenant) alertDelay(h uint64) int64 {
	d := between(derive(h, drawDelay), 30*second, maxAlertDelay)
	if t.cfg.AlertApartShare > 0 && chance(derive(h, drawApart), t.cfg.AlertApartShare) {
		d += between(derive(h, drawApart), minute, ticksOf(t.cfg.AlertApartMax))
	}
	return d
}

// updated reports whether the alert has a second AlertInfo row, and whether that one says something new.
func (a *alert) updated() (again, changed bool) {
	h := below(derive(a.key, drawUpdate), 100)
	return h < 15, h < 10
}
