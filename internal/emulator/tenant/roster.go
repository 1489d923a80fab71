package tenant

// roster is who works in each hour of the week, from Monday 00:00 UTC.
type roster struct {
	seed uint64
	on   [7 * 24][]*Person
}

func newRoster(seed uint64, people []*Person) roster {
	r := roster{seed: seed}
	for _, p := range people {
		for h := range r.on {
			if !p.shift.works(h) {
				continue
			}
			if p.shift.into(h) == lunchHour && p.key%4 != 0 {
				continue
			}
			r.on[h] = append(r.on[h], p)
		}
	}
	return r
}

// somebody gives a person at work at this time, nil if there is nobody.
func (r *roster) somebody(h uint64, ticks int64) *Person {
	on := r.on[hourOfWeek(ticks)]
	if len(on) == 0 {
		return nil
	}
	for i := range uint64(4) {
		if p := pick(derive(h, i), on); !p.absent(ticks) {
			return p
		}
	}
	return nil
}

// absent people are ill or on holiday on this day.
func (p *Person) absent(ticks int64) bool {
	return below(derive(p.key, uint64(ticks/day)), 12) == 0
}

// working reports whether the person is at work at this time.
func (p *Person) working(ticks int64) bool {
	return p.shift.works(hourOfWeek(ticks)) && !p.absent(ticks)
}
