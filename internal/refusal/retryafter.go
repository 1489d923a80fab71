package refusal

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RetryAfter is how long the Retry-After header of an answer received at now asks to wait, from
// either of its forms (RFC 9110 section 10.2.3). It is 0 when the header is missing, unreadable or
// already past. A date is read against the answer's own Date, so that a wrong local clock does
// not matter.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		const most = math.MaxInt64 / int64(time.Second)
		return time.Duration(min(max(seconds, 0), most)) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(at.Sub(now), 0)
}
