package defenderreceiver

import "time"

// reading is what of the configuration decides how one table is read.
type reading struct {
	mode     Mode
	overlap  time.Duration // that a poll along event time reads again
	settle   time.Duration
	lookback time.Duration // of the first start
	interval time.Duration // between polls
	maxRows  int           // of a page
	priority int
	// auditWindow is how much of the past is audited each auditInterval; 0: none is.
	auditWindow, auditInterval time.Duration
	// countBudget is the CPU that one count should cost at most.
	countBudget time.Duration
	// keepsRefused: what the pipeline refuses for good is kept in the dead letters.
	keepsRefused bool
}

// reading is how a table is read.
func (c *Config) reading(table string) reading {
	r := reading{
		mode: c.LateArrival.Mode, overlap: c.LateArrival.Overlap, settle: c.Settle, lookback: c.InitialLookback,
		interval: c.interval(table), maxRows: c.Page.MaxRows, priority: c.Tables[table].Priority,
		auditInterval: c.LateArrival.Audit.Interval, countBudget: c.Quota.limits().LeastCPU() / countPart,
		keepsRefused: c.DeadLetter.Directory != "",
	}
	if r.auditInterval > 0 {
		r.auditWindow = c.LateArrival.Audit.Window
	}
	return r
}
