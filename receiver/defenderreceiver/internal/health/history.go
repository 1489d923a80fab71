package health

import "time"

// tick is the service's resolution of time.
const tick = 100 * time.Nanosecond

// History is how far history was read, of a source that reads it.
type History struct {
	Oldest, Live   time.Time // what is read lies between them
	Reached, Since time.Time // all between Reached and Live was read, and what is being read begins at Since
	Reading, Done  bool
	// At Began, on the service's clock, this Share had been read.
	Began time.Time
	Share float64
}

// Ratio is the share of history that was read, with a range read until completeUntil.
func (h History) Ratio(completeUntil time.Time) float64 {
	read := h.Live.Sub(h.Reached)
	if h.Reading && completeUntil.After(h.Since) {
		read += completeUntil.Sub(h.Since)
	}
	return min(read.Seconds()/max(h.Live.Sub(h.Oldest), tick).Seconds(), 1)
}

// Ends forecasts when history will have been read, from the pace since this process began; zero if there was none yet.
func (h History) Ends(ratio float64, now time.Time) time.Time {
	const longest = 10 * 365 * 24 * time.Hour
	passed := now.Sub(h.Began).Seconds()
	if ratio <= h.Share || ratio >= 1 || passed <= 0 {
		return time.Time{}
	}
	left := min(passed*(1-ratio)/(ratio-h.Share), longest.Seconds())
	return now.Add(time.Duration(left * float64(time.Second)))
}
