package health

import "time"

// rateMinutes is how many minutes a rate reaches back.
const rateMinutes = 60

// rate counts rows by the minute, of the last hour. The zero value has counted none.
type rate struct {
	minute int64 // the newest one, since the epoch
	rows   [rateMinutes]int
}

// add counts rows now. A clock that was set back adds to the newest minute.
func (r *rate) add(now time.Time, rows int) {
	r.forget(now)
	r.rows[r.minute%rateMinutes] += rows
}

// perMinute are the minutes' rows, the present minute last.
func (r *rate) perMinute(now time.Time) []int {
	r.forget(now)
	list := make([]int, 0, rateMinutes)
	for i := range int64(rateMinutes) {
		list = append(list, r.rows[(r.minute+1+i)%rateMinutes])
	}
	return list
}

// forget empties the minutes that have passed since the newest one.
func (r *rate) forget(now time.Time) {
	minute := now.Unix() / 60
	for i := range min(minute-r.minute, rateMinutes) {
		r.rows[(r.minute+1+i)%rateMinutes] = 0
	}
	r.minute = max(r.minute, minute)
}
