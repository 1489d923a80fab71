package quota

import "time"

// Cost is what queries cost.
type Cost struct {
	Requests int
	CPU      time.Duration
}

func (c Cost) plus(other Cost) Cost { return Cost{c.Requests + other.Requests, c.CPU + other.CPU} }

func (c Cost) minus(other Cost) Cost { return Cost{c.Requests - other.Requests, c.CPU - other.CPU} }
