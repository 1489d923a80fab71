package scheduler

import "time"

// The policy of the scheduler: every figure that was chosen and not derived. docs/scheduling.md gives the model, and
// what happens when a figure is doubled. A share is a part of 1; a divisor is 1 over a share, for whole numbers.

// The estimate of what a query costs.
const (
	// headroomDivisor: a query is estimated at its last cost and one part in so many more.
	headroomDivisor = 4
	// decaySteps is how slowly an estimate follows cheaper queries: each moves it by one part in so many.
	decaySteps = 16
	// growthDivisor: an extent that is larger by more than one part in so many is measured anew, without decay.
	growthDivisor = 16
	// maxExtrapolation bounds the estimate of a query with a larger extent than the last one, as a factor. Part of a
	// query's cost does not depend on its extent.
	maxExtrapolation = 2
	// estimateHalfLife is how fast an estimate decays while its query waits.
	estimateHalfLife = 15 * time.Minute
	// plausibleDivisor: such a part of the smallest window of CPU is where that decay ends.
	plausibleDivisor = 2
)

// The order of turns.
const (
	// agingStep: while only slots are short, a turn gains one priority for each such time that it waits. A backlog of
	// an urgent table thereby slows the others down and does not stop them.
	agingStep = 10 * time.Second
	// maxBacklogCredit is the most that counts of what a table is behind, for its priority. Tables that are further
	// behind share the turns by how long they wait.
	maxBacklogCredit = 10 * time.Minute
	// softDeadline is the wait after which a turn is not paced any more, hardDeadline the one after which it is served
	// before urgent turns, if these get what they need. Turns past a deadline spend at most overdueShare of the quota.
	softDeadline = 15 * time.Minute
	hardDeadline = 30 * time.Minute
	overdueShare = 1.0 / 8
	// maxOverdueCredit is for how long an unused overdueShare is kept.
	maxOverdueCredit = 30 * time.Minute
	// The quota is reported as short when a turn has waited for it for shortAfter, until none has for shortHold.
	shortAfter = 30 * time.Second
	shortHold  = 5 * time.Minute
)

// The reserve: what the storage counts as spent before it is spent.
const (
	// reserveShare of the smallest window of requests is the reserve, at most maxReserve requests.
	reserveShare = 1.0 / 4
	maxReserve   = 100
	// renewDivisor: the reserve is renewed when such a part of it is left.
	renewDivisor = 2
	// unstoredDivisor: such a part of the smallest window of CPU is spent at most before it is stored.
	unstoredDivisor = 50
	// storeRetry is the time to the next try after a failed write.
	storeRetry = time.Second
	// clockTolerance is by how much two clocks may differ in what they say of the time that has passed.
	clockTolerance = 5 * time.Second
)
