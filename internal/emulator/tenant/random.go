package tenant

// mix is the finalizer of splitmix64: every bit of x reaches every bit of the result.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

const golden = 0x9e3779b97f4a7c15

// derive gives the key of a thing within another: of a bucket in a stream, of a row in a bucket.
func derive(key, part uint64) uint64 { return mix(key + golden*(part+1)) }

func deriveText(key uint64, text string) uint64 {
	for i := range len(text) {
		key = (key ^ uint64(text[i])) * 0x100000001b3
	}
	return mix(key)
}

// below gives a number in [0, n).
func below(h uint64, n int) int { return int((h >> 32) * uint64(n) >> 32) }

// chance is true for this share of all h.
func chance(h uint64, share float64) bool { return float64(h>>11)/(1<<53) < share }

// between gives a tick count in [from, to].
func between(h uint64, from, to int64) int64 {
	if to <= from {
		return from
	}
	return from + int64(h%uint64(to-from+1))
}

func pick[T any](h uint64, list []T) T { return list[below(h, len(list))] }

// The draws of one row or batch. Each has its own number, so that a new draw changes no other.
const (
	drawPerson uint64 = iota
	drawDevice
	drawArrival
	drawLag
	drawSpread
	drawVisible
	drawHidden
	drawFuture
	drawSize
	drawAttended
	drawHuman
	drawScene
	drawTie
	drawText
	drawProcess
	drawPort
	drawRemote
	drawFile
	drawLabel
	drawOutcome
	drawDelay
	drawApart
	drawUpdate
	drawKind
	drawPlace
	drawOffice
	drawName
	drawCloud
	drawShift
	drawBlank
)
