package tenant

// whereabouts tells which device recorded an upload at this time, and who was working there.
func (t *Tenant) whereabouts(upload uint64, ticks int64) (*Person, *device) {
	h := derive(upload, drawDevice)
	if chance(derive(upload, drawAttended), attendedShare) {
		if p := t.roster.somebody(derive(upload, drawPerson), ticks); p != nil {
			return p, t.deviceOf(p, h)
		}
	}
	if below(h, 4) == 0 {
		return nil, pick(derive(h, 0), t.fleet.servers)
	}
	return nil, pick(derive(h, 0), t.fleet.all)
}

// deviceOf is where a person works just now: mostly on their own device.
func (t *Tenant) deviceOf(p *Person, h uint64) *device {
	place := below(derive(h, 1), 100)
	switch {
	case place < 8 && p.OnPremSID != "":
		return pick(derive(h, 2), t.fleet.byKind[kindFileServer])
	case place < 12 && p.OnPremSID != "":
		return pick(derive(h, 2), t.fleet.byKind[kindJump])
	case place < 15:
		return pick(derive(h, 2), t.fleet.shared)
	case place < 75:
		return p.devices[0]
	default:
		return pick(derive(h, 2), p.devices)
	}
}
