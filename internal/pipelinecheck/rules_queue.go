package pipelinecheck

// What an exporter's sending_queue and retry_on_failure do. In the Collector at v0.155 kafka, otlp_grpc, otlp_http and clickhouse
// have a queue in memory and give up after five minutes unless told otherwise.
var queueRules = []rule{
	{
		name: "memory_queue", effect: Loses,
		where: reaching().at("sending_queue", queuedIn(memory)),
		why: "the sending queue, which is on unless it is turned off, reports rows as accepted when they are in memory: a crash, a refusal for good or a retry that" +
			" gives up loses them. The Collector's log advises it (\"Try enabling sending_queue to survive temporary failures\"): do not follow that here, where the" +
			" receiver keeps what is not delivered",
		remedy: "sending_queue: {enabled: false}. Of several exporters a secondary one may keep a queue with storage.",
	},
	{
		name: "persistent_queue_alone", effect: Loses,
		where:  reaching().at("sending_queue::storage", both(queuedIn(persistent), isAlone)),
		why:    "rows count as delivered when they are in the queue's file: what the destination refuses for good is then dropped with an error in the log, and requests that are under way at a crash, entries that cannot be read back and a damaged file are lost",
		remedy: "sending_queue: {enabled: false}: the receiver can read its rows again, which is safer than any queue",
	},
	{
		name: "persistent_queue_secondary", effect: Notes,
		where:  reaching().at("sending_queue::storage", both(queuedIn(persistent), isSecondary)),
		why:    "this exporter does not hold up the others; in return only its queue's file keeps what it has accepted, and what its destination refuses for good is dropped with an error in the log",
		remedy: "none needed while another exporter of the same rows is synchronous and theirs is the copy that counts; watch otelcol_exporter_send_failed_log_records",
	},
	{
		name: "queue_without_fsync", effect: Loses,
		where:  among(queueStorage).at("fsync", isNot("fsync")),
		why:    "the queue's entries stay in the page cache: a power failure loses rows that were reported as accepted",
		remedy: "fsync: true",
	},
	{
		name: "queue_recreate", effect: Loses,
		where:  among(queueStorage).at("recreate", is("recreate")),
		why:    "a damaged queue file is put aside with a warning and replaced by an empty one: what was in it is not delivered",
		remedy: "recreate: false",
	},
	{
		name: "queue_with_cursors", effect: Stalls,
		where:  reaching().at("sending_queue::storage", both(queuedIn(persistent), sharesCursorStorage)),
		why:    "queue and cursors share a storage: when the queue has filled its disk, no cursor can be stored and polling stops",
		remedy: "a second file_storage with a directory of its own, best on another disk",
	},
	{
		name: "queue_gives_up", effect: Loses,
		where:  reaching().at("retry_on_failure::max_elapsed_time", both(isQueued, retries, givesUp)),
		why:    "rows that were reported as accepted are dropped when they could not be delivered for this long (5m unless set)",
		remedy: "retry_on_failure: {max_elapsed_time: 0s}",
	},
	{
		name: "queue_without_retry", effect: Loses,
		where:  reaching().at("retry_on_failure::enabled", both(isQueued, doesNotRetry)),
		why:    "rows that were reported as accepted are dropped at the first refusal",
		remedy: "retry_on_failure: {enabled: true, max_elapsed_time: 0s}",
	},
	{
		name: "retry_gives_up", effect: Repeats,
		where:  reaching().at("retry_on_failure::max_elapsed_time", both(isSynchronous, retries, givesUp)),
		why:    "after this long (5m unless set) the call fails and the receiver sends all its rows again, to every exporter",
		remedy: "retry_on_failure: {max_elapsed_time: 0s}: the exporter then goes on trying, and other exporters see nothing of it",
	},
	{
		name: "retry_off", effect: Repeats,
		where:  reaching().at("retry_on_failure::enabled", both(isSynchronous, doesNotRetry, func(c *configured, f *flow) bool { return !receiverRetries(c, f) })),
		why:    "at the first refusal the receiver sends all rows of the call again, to every exporter",
		remedy: "retry_on_failure: {enabled: true, max_elapsed_time: 0s}",
	},
	{
		name: "parallel_queue", effect: Disorders,
		where: reaching().at("sending_queue::num_consumers", func(c *configured, _ *flow) bool {
			parallel := c.queue() >= memory || c.queue() == waited && c.has("sending_queue::batch")
			return parallel && c.number("sending_queue::num_consumers") != 1
		}),
		why:    "several workers (10 unless set) send what is in the queue at the same time: a later event of a person can overtake an earlier one",
		remedy: "num_consumers: 1",
	},
	{
		name: "waited_queue_hangs", effect: Notes,
		where:  reaching(typeKafka).at("sending_queue::wait_for_result", queuedIn(waited)),
		why:    "with required_acks: all, a broker that dies in the middle of a request holds up the collector's shutdown",
		remedy: "sending_queue: {enabled: false}",
	},
}

func isAlone(_ *configured, f *flow) bool { return !f.hasPrimary() }

func isSecondary(_ *configured, f *flow) bool { return f.hasPrimary() }

func isQueued(c *configured, _ *flow) bool { return c.queue() >= memory }

func isSynchronous(c *configured, _ *flow) bool { return c.queue() <= waited }

// retries: only exporters that have the setting can.
func retries(c *configured, _ *flow) bool { return c.truth("retry_on_failure::enabled") }

func doesNotRetry(c *configured, _ *flow) bool {
	return c.has("retry_on_failure") && !c.truth("retry_on_failure::enabled")
}

func givesUp(c *configured, _ *flow) bool {
	return c.duration("retry_on_failure::max_elapsed_time") != 0
}

func sharesCursorStorage(c *configured, f *flow) bool {
	used, ok := c.referenced("sending_queue::storage")
	if !ok {
		return false
	}
	for _, holder := range append(only(f.passed, []string{typeTotalNormalize}), f.source) {
		if id, ok := holder.referenced("storage"); ok && id == used {
			return true
		}
	}
	return false
}
