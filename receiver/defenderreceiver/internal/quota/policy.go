package quota

import "time"

// The policy of the quota: every figure that was chosen and not derived. docs/scheduling.md gives the model, and what
// happens when a figure is doubled. A share is a part of 1.

// What queries of a class leave of a window to those before them.
const (
	// marginShare of every window is kept for urgent queries.
	marginShare = 1.0 / 16
	// spareMargins is how many of these margins a spare query leaves.
	spareMargins = 2
	// needHeadroom is added to the rate of urgent queries, to get what they may need.
	needHeadroom = 1.0 / 8
	// pacedFloor is the share of a window that queries which are not urgent may spend, whatever urgent ones need.
	pacedFloor = 1.0 / 8
	// minObservation is the shortest time from which a rate is computed. A burst at the start would give a high one.
	minObservation = 5 * time.Minute
	// peakHalfLife is how fast the peak decays: the most that all but spare queries have spent in a window.
	peakHalfLife = 6 * time.Hour
)

// The token bucket that paces a long window.
const (
	// pacedFrom is the shortest window with a bucket. A query can wait for a shorter one to turn.
	pacedFrom = 15 * time.Minute
	// burstShare of a window's amount is the bucket's capacity: what may be spent at once.
	burstShare = 1.0 / 4
	// urgentShare of the bucket's capacity is kept for urgent queries, liveShare for all but spare ones.
	urgentShare = 1.0 / 4
	liveShare   = 1.0 / 2
)

// The journal: how exactly a restart knows what was spent.
const (
	// fineSlot is the resolution of what was spent lately, coarseSlot that of what is older than fineAge.
	fineSlot   = time.Minute
	coarseSlot = 15 * time.Minute
	fineAge    = time.Hour
	// maxBlock is the longest time for which a stored block counts.
	maxBlock = 15 * time.Minute
)
