package tenant

import (
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
)

const (
	arrivalWidth = minute
	// Rows of one upload were recorded within its spread before the newest of them.
	punctualSpread = minute
	lateSpread     = 30 * minute
	maxPunctualLag = 40 * minute
	minLateLag     = hour
	maxAhead       = 30 * minute // of a device's clock

	maxVisibleLag = 8 * second

	// Of four rows one is a person's: somebody is there in attendedShare of the uploads, and did
	// humanShare of the rows in them.
	attendedShare = 0.55
	humanShare    = 0.46
)

// arrivals is how the rows of one event table arrive.
type arrivals struct {
	*table
	key    uint64
	late   bool
	perDay float64
}

// eventStreams are the punctual and the late rows of an event table.
func (t *table) eventStreams(share float64) []*stream {
	cfg := t.tenant.cfg
	ahead := int64(0)
	if cfg.FutureShare > 0 {
		ahead = maxAhead
	}
	perDay := float64(cfg.RowsPerDay) * share
	offsets := func(lag int64) (ingestion, event engine.Range) {
		return engine.Range{From: 0, To: arrivalWidth}, engine.Range{From: -lag, To: arrivalWidth + ahead}
	}
	punctual := &arrivals{table: t, key: derive(t.key, 0), perDay: perDay * (1 - cfg.LateShare)}
	s := &stream{width: arrivalWidth, fill: punctual.fill}
	s.ingestion, s.event = offsets(maxPunctualLag)
	streams := []*stream{s}
	if cfg.LateShare > 0 {
		late := &arrivals{table: t, key: derive(t.key, 1), late: true, perDay: perDay * cfg.LateShare}
		s := &stream{width: arrivalWidth, fill: late.fill}
		s.ingestion, s.event = offsets(ticksOf(cfg.LateMax))
		streams = append(streams, s)
	}
	return streams
}

// fill gives the uploads that arrive within one minute. All rows of an upload come from one device
// and share one ingestion time.
func (a *arrivals) fill(r *row, start int64, emit func() bool) bool {
	bucket := derive(a.key, uint64(start/arrivalWidth))
	n := rowsIn(bucket, start, a.perDay)
	for upload := uint64(0); n > 0; upload++ {
		key := derive(bucket, upload)
		size := min(n, a.size(key))
		n -= size
		if !a.upload(r, key, start, size, emit) {
			return false
		}
	}
	return true
}

func (a *arrivals) size(upload uint64) int {
	if a.late {
		return 8 + below(derive(upload, drawSize), 40)
	}
	return 1 + below(derive(upload, drawSize), 12)
}

func (a *arrivals) upload(r *row, key uint64, start int64, size int, emit func() bool) bool {
	cfg := &a.tenant.cfg
	r.ingestion = start + between(derive(key, drawArrival), 0, arrivalWidth-1)
	r.visible = r.ingestion + visibleLag(key, cfg)
	newest, spread := a.newest(key, r.ingestion, cfg)
	person, device := a.tenant.whereabouts(key, newest)
	if !a.kind.scenes.happenOn(device.kind) {
		person, device = nil, pick(key, a.tenant.fleet.shared)
	}
	if len(a.kind.scenes.human[device.kind]) == 0 {
		person = nil
	}
	r.device = device
	counter := r.ingestion/second*4 + int64(device.key%reportIDs)
	for i := range size {
		r.key = derive(key, uint64(i)+1<<32)
		// A row in twelve was recorded in the same instant as the one before it.
		at := r.key
		if i > 0 && below(r.draw(drawTie), 12) == 0 {
			at = derive(key, uint64(i-1)+1<<32)
		}
		r.event = newest - between(derive(at, drawSpread), 0, spread)
		r.event -= r.event % device.clockTick
		r.reportID = (counter + int64(i)) % reportIDs
		r.person = nil
		if person != nil && chance(r.draw(drawHuman), humanShare) {
			r.person = person
		}
		if !emit() {
			return false
		}
	}
	return true
}

// reportIDs is where the sensors' counter begins again.
const reportIDs = 131_072

// newest is when the newest row of an upload was recorded, and over how long a time before it the
// others were.
func (a *arrivals) newest(upload uint64, ingestion int64, cfg *Config) (newest, spread int64) {
	h := derive(upload, drawLag)
	if a.late {
		// Squared, so that hours are commoner than days.
		u := float64(h>>11) / (1 << 53)
		most := ticksOf(cfg.LateMax) - lateSpread - second
		return ingestion - minLateLag - int64(u*u*float64(most-minLateLag)), lateSpread
	}
	if cfg.FutureShare > 0 && chance(derive(upload, drawFuture), cfg.FutureShare) {
		return ingestion + between(h, 2*minute, maxAhead), punctualSpread
	}
	switch p := below(derive(h, 0), 100); {
	case p < 85:
		return ingestion - between(h, 2*minute, 9*minute), punctualSpread
	case p < 97:
		return ingestion - between(h, 9*minute, 14*minute), punctualSpread
	default:
		return ingestion - between(h, 30*minute, 38*minute), punctualSpread
	}
}

// visibleLag is how long after its ingestion time an upload can be seen.
func visibleLag(upload uint64, cfg *Config) int64 {
	h := derive(upload, drawVisible)
	if cfg.HiddenShare > 0 && chance(derive(upload, drawHidden), cfg.HiddenShare) {
		return between(h, maxVisibleLag, ticksOf(cfg.HiddenMax))
	}
	return between(h, second/2, maxVisibleLag)
}

// rowsIn is how many rows arrive in the minute from start on.
func rowsIn(bucket uint64, start int64, perDay float64) int {
	expected := perDay / (24 * 60) * weekProfile[hourOfWeek(start)]
	expected *= 0.75 + float64(below(derive(bucket, drawSize), 1000))/2000
	n := int(expected)
	if chance(derive(bucket, drawOutcome), expected-float64(n)) {
		n++
	}
	return n
}

// weekProfile is how busy each hour of the week is; 1 on average.
var weekProfile = func() (profile [7 * 24]float64) {
	// The working days of San Francisco to Tokyo overlap most around 14:00 UTC.
	const busiest = 14
	sum := 0.0
	for h := range profile {
		distance := (h%24-busiest+36)%24 - 12
		profile[h] = 1.3 - 0.5*float64(distance*distance)/144
		if h >= 5*24 {
			profile[h] = 0.8
		}
		sum += profile[h]
	}
	for h := range profile {
		profile[h] *= float64(len(profile)) / sum
	}
	return profile
}()
