package tenant

// shift is when a person works, in hours of the UTC day.
type shift struct {
	from, hours int // from may lie on the UTC day before
	rota        bool
	free        int // rota: the first of two free days a week
}

func newShift(h uint64, rota bool, o *office) shift {
	s := shift{from: 8 + below(h, 3) - o.utc, hours: 9, rota: rota}
	if rota {
		s.from = below(h, 3)*8 + 6 - o.utc
		s.free = below(derive(h, 0), 7)
	}
	return s
}

// works reports whether the person works in this hour of the week (local days begin with from).
func (s shift) works(hourOfWeek int) bool {
	const week = 7 * 24
	workday := ((hourOfWeek-s.from)%week + week) % week / 24
	if s.into(hourOfWeek) >= s.hours {
		return false
	}
	if s.rota {
		return workday != s.free && workday != (s.free+1)%7
	}
	return workday < 5
}

// into is how many hours after the beginning of a working day this hour is, 0 to 23.
func (s shift) into(hourOfWeek int) int { return ((hourOfWeek-s.from)%24 + 24) % 24 }

// lunchHour is the hour of a shift that most people are away in.
const lunchHour = 4
