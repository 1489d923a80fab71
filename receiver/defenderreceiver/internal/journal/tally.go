package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/proof"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/ledger"
)

// Tally is what one audit says of the rows of a bin.
type Tally struct {
	Matched   int // were delivered before the audit
	Recovered int // were not, and are now
	Refused   int // were refused by the pipeline for good
	Missing   int // are counted by the service and not given by it
	SetAside  int // lie in ranges that cannot be read
}

func (t Tally) counted() int { return t.Matched + t.Recovered + t.Refused + t.Missing + t.SetAside }

// renew returns what is known of a bin after an audit has counted it again. What earlier audits recovered was delivered
// before this one. kept says that what the pipeline refuses now is kept in the dead letters; what is known of rows that
// were refused before does not change.
func renew(before proof.Counts, t Tally, kept bool) proof.Counts {
	after := proof.Counts{Counted: t.counted(), Missing: t.Missing, SetAside: t.SetAside}
	after.Recovered = min(before.Recovered+t.Recovered, t.Matched+t.Recovered)
	after.Delivered = t.Matched + t.Recovered - after.Recovered
	if kept {
		after.RefusedLost = min(before.RefusedLost, t.Refused)
		after.RefusedKept = t.Refused - after.RefusedLost
	} else {
		after.RefusedKept = min(before.RefusedKept, t.Refused)
		after.RefusedLost = t.Refused - after.RefusedKept
	}
	return after
}

// plus adds the rows of another range.
func plus(a, b proof.Counts) proof.Counts {
	return proof.Counts{
		Counted: a.Counted + b.Counted, Delivered: a.Delivered + b.Delivered, Recovered: a.Recovered + b.Recovered,
		RefusedKept: a.RefusedKept + b.RefusedKept, RefusedLost: a.RefusedLost + b.RefusedLost,
		Missing: a.Missing + b.Missing, SetAside: a.SetAside + b.SetAside,
	}
}

// fields are the counts that are stored. Counted is their sum.
func fields(c *proof.Counts) []*int {
	return []*int{&c.Delivered, &c.Recovered, &c.RefusedKept, &c.RefusedLost, &c.Missing, &c.SetAside}
}

const binsOfDay = int(24 * time.Hour / ledger.BinWidth)

// bins are the counts of a day's bins, by the bin's place in the day. Bins without rows are left out.
type bins map[int]proof.Counts

// encode writes for each bin its place, a byte of which counts follow, and these.
func (b bins) encode() []byte {
	var data []byte
	for place := range binsOfDay {
		counts, ok := b[place]
		if !ok || counts == (proof.Counts{}) {
			continue
		}
		present, values := byte(0), []byte(nil)
		for i, field := range fields(&counts) {
			if *field > 0 {
				present |= 1 << i
				values = binary.AppendUvarint(values, uint64(*field))
			}
		}
		data = append(append(binary.AppendUvarint(data, uint64(place)), present), values...)
	}
	return data
}

var errBins = errors.New("its bins cannot be read")

func decodeBins(data []byte) (bins, error) {
	b := bins{}
	next := func() (int, error) {
		value, n := binary.Uvarint(data)
		if n <= 0 || value > 1<<62 {
			return 0, errBins
		}
		data = data[n:]
		return int(value), nil
	}
	for len(data) > 0 {
		place, err := next()
		if err != nil {
			return nil, err
		}
		if place >= binsOfDay || len(data) == 0 {
			return nil, fmt.Errorf("%w: place %d", errBins, place)
		}
		present := data[0]
		data = data[1:]
		var counts proof.Counts
		for i, field := range fields(&counts) {
			if present&(1<<i) == 0 {
				continue
			}
			if *field, err = next(); err != nil {
				return nil, err
			}
			counts.Counted += *field
		}
		b[place] = counts
	}
	return b, nil
}
