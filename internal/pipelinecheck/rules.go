package pipelinecheck

import "slices"

// rules is everything that is looked for. A condition in a rule reads effective settings, so a default counts like a
// setting that is written.
var rules = slices.Concat(sourceRules, quotaRules, exportRules, placeRules, processorRules, feedRules, deliveryRules, queueRules, workerRules, exporterRules, backendRules, watchRules)

var sourceRules = []rule{
	{
		name: "cursor_recreate", effect: Loses,
		where:  among(cursorStorage).at("recreate", is("recreate")),
		why:    "a damaged cursor file is put aside with a warning and replaced by an empty one: the receiver starts as if for the first time and reads initial_lookback only",
		remedy: "recreate: false. A damaged file then stops the start, and you decide how far back to read.",
	},
	{
		name: "cursor_without_fsync", effect: Repeats,
		where:  among(cursorStorage).at("fsync", isNot("fsync")),
		why:    "cursors stay in the page cache: after a power failure the cursor file is old, and rows come again, or it is damaged, and the collector does not start",
		remedy: "fsync: true. A cursor is written every few seconds, so it costs next to nothing.",
	},
	{
		name: "audit_off", effect: Loses,
		where: theSource(typeDefender).at("late_arrival::audit", func(c *configured, _ *flow) bool {
			return c.duration("late_arrival::audit::interval") == 0 || c.duration("late_arrival::audit::window") == 0
		}),
		why:    "no audit: a row that can be seen only after its poll, which the service does not exclude, is never found",
		remedy: "leave late_arrival::audit at its defaults (interval 1h, window 24h), or set both above 0",
	},
	{
		name: "no_dead_letter", effect: Loses,
		where:  theSource(typeDefender, typeDefenderBlobs).at("dead_letter::directory", equals("dead_letter::directory", "")),
		why:    "rows that an exporter refuses for good, for instance because a message is too large, are passed over, counted and logged, but kept nowhere",
		remedy: "dead_letter: {directory: /var/lib/otelcol-defender/dead-letters}",
	},
	{
		name: "marked_before_delivery", effect: Loses,
		where:  theSource(typeKafka).at("message_marking::after", isNot("message_marking::after")),
		why:    "a message is marked as consumed before its rows are delivered: a crash loses it, and one that the pipeline refuses is skipped",
		remedy: "message_marking: {after: true}, and error_backoff: {enabled: true, max_elapsed_time: 0s}",
	},
	{
		name: "marked_on_error", effect: Loses,
		where:  theSource(typeKafka).at("message_marking::on_error", is("message_marking::on_error")),
		why:    "a message whose rows were refused is marked as consumed and skipped",
		remedy: "message_marking: {after: true, on_error: false}",
	},
	{
		name: "marked_on_permanent_error", effect: Loses,
		where: theSource(typeKafka).at("message_marking::on_permanent_error",
			both(is("message_marking::on_permanent_error"), isNot("message_marking::on_error"))),
		why:    "a message of which one row is refused for good is skipped with all its rows",
		remedy: "on_permanent_error: false stops that partition instead, until somebody acts; or accept the loss knowingly",
	},
	{
		name: "error_backoff_off", effect: Stalls,
		where:  theSource(typeKafka).at("error_backoff::enabled", both(is("message_marking::after"), isNot("error_backoff::enabled"))),
		why:    "the first refusal by the pipeline pauses the partition until the consumer group is rebalanced",
		remedy: "error_backoff: {enabled: true, initial_interval: 1s, max_interval: 30s, multiplier: 1.5, max_elapsed_time: 0s}",
	},
	{
		name: "error_backoff_without_pause", effect: Notes,
		where: theSource(typeKafka).at("error_backoff::multiplier",
			both(is("error_backoff::enabled"), func(c *configured, _ *flow) bool { return c.fraction("error_backoff::multiplier") < 1 })),
		why:    "the multiplier of error_backoff is 0 unless set: from the second attempt on there is no pause, and the collector tries as fast as it can",
		remedy: "error_backoff: {multiplier: 1.5, randomization_factor: 0.5}",
	},
	{
		name: "initial_offset_latest", effect: Loses,
		where:  theSource(typeKafka).at("initial_offset", equals("initial_offset", "latest")),
		why:    "where the group has no committed offset, at its first start or when its offsets have expired, everything that is in the topic already is skipped",
		remedy: "initial_offset: earliest",
	},
}

var processorRules = []rule{
	{
		name: "batch", effect: Loses,
		where:  passing("batch").at("", always),
		why:    "the batch processor reports rows as accepted when they are in its memory: a crash, and every refusal after that, loses them",
		remedy: "remove it: the receiver hands rows on in chunks of batch::max_records already",
	},
	{
		name: "logdedup", effect: Loses,
		where:  passing("logdedup").at("", always),
		why:    "logdedup holds records in memory, reports them as accepted and swallows the exporter's errors",
		remedy: "remove it: rows carry log.record.uid, by which the backend can tell repeats",
	},
	{
		name: "sampling", effect: Loses,
		where:  passing("probabilistic_sampler").at("", always),
		why:    "a sampler drops rows and reports them as accepted",
		remedy: "remove it; to read less, disable tables or set their `filter`, which the receiver counts and audits",
	},
	{
		name: "filter", effect: Notes,
		where:  passing(typeFilter).at("", always),
		why:    "records that match are dropped and count as delivered",
		remedy: "if this is meant, nothing; a table's `filter` in the receiver leaves such rows on the server and saves quota",
	},
	{
		name: "error_mode_propagate", effect: Stalls,
		where:  passing(typeFilter, typeTransform).at("error_mode", equals("error_mode", "propagate")),
		why:    "a record on which a statement fails is refused again and again: its table stops there",
		remedy: "error_mode: ignore",
	},
	{
		name: "unmapped_drop", effect: Notes,
		where:  passing(typeTotalNormalize).at("tuid::unmapped", equals("tuid::unmapped", "drop")),
		why:    "events of people whom the mapping file does not name are dropped, and counted",
		remedy: "unmapped: derive, or empty, keeps them",
	},
	{
		name: "other_records_drop", effect: Notes,
		where:  passing(typeTotalNormalize).at("other_records", equals("other_records", "drop")),
		why:    "records that are no Defender rows are dropped, and counted; of a stream these are also the records that could not be decoded",
		remedy: "other_records: pass keeps them",
	},
	{
		name: "siem_other_records_drop", effect: Notes,
		where:  passing(typeDefenderSIEM).at("other_records", equals("other_records", "drop")),
		why:    "rows of tables, and alerts of services that are not listed, are dropped, and counted as delivered",
		remedy: "if this is meant, nothing; other_records: pass keeps them",
	},
	{
		name: "siem_without_storage", effect: Repeats,
		where:  passing(typeDefenderSIEM).at("storage", equals("storage", "")),
		why:    "which records were handed on is known in memory only: after a restart an alert that changes gives all its records again, with the same FullId",
		remedy: "storage: file_storage/siem, a storage extension with a directory of its own",
	},
	{
		name: "siem_repeats", effect: Notes,
		where:  passing(typeDefenderSIEM).at("on_update", equals("on_update", "repeat")),
		why:    "each version of an alert gives all its records again, with the same FullId",
		remedy: "if the reader drops records whose FullId it has seen, or wants the new state, nothing; else on_update: new_only",
	},
	{
		name: "rate_without_storage", effect: Loses,
		where:  passing(typeDetectionRate).at("storage", equals("storage", "")),
		why:    "executions and alerts are kept in memory only and count as delivered: a restart begins with nothing, and the cursor has moved past the alerts",
		remedy: "storage: file_storage/rate, a storage extension with a directory of its own",
	},
	{
		name: "regrouped_before_kafka", effect: Disorders,
		where: passing(typeGroupByAttrs).at("keys", func(c *configured, f *flow) bool {
			return c.length("keys") > 0 && slices.ContainsFunc(f.reached, func(e *configured) bool {
				return e.is(typeKafka) && e.truth("partition_logs_by_resource_attributes")
			})
		}),
		why:    "the keys become resource attributes, by which the kafka exporter chooses the partition: events of one person spread over several",
		remedy: "remove it from this pipeline: total_normalize has grouped by person already",
	},
}

var deliveryRules = []rule{
	{
		name: "nothing_delivers", effect: Loses,
		where: func(f *flow) []string {
			if slices.ContainsFunc(f.reached, (*configured).delivers) || slices.ContainsFunc(f.passed, (*configured).keeps) {
				return nil
			}
			return []string{"service::pipelines::" + f.pipelines[0].String() + "::exporters"}
		},
		why:    "these pipelines end in nothing but debug, nop or a connector that counts: all rows are reported as accepted, the cursors move, and no row is kept",
		remedy: "add an exporter that delivers, such as file, kafka or otlp_grpc, before real cursors are used with this configuration",
	},
	{
		name: "fan_out", effect: Repeats,
		where: func(f *flow) []string {
			synchronous := f.synchronous(f.reached)
			if len(synchronous) < 2 {
				return nil
			}
			var paths []string
			for _, c := range synchronous[1:] {
				paths = append(paths, c.path())
			}
			return paths
		},
		why:    "several exporters of one receiver must all accept: when this one refuses, the others get the rows again, and while it is slow they wait",
		remedy: "leave the exporter that matters synchronous, and give the others a sending_queue with storage, block_on_overflow: true, num_consumers: 1 and max_elapsed_time: 0s",
	},
	{
		name: "derived_refusal", effect: Repeats,
		where: func(f *flow) []string {
			var paths []string
			for _, c := range f.synchronous(f.derived) {
				if c.has("retry_on_failure") {
					paths = append(paths, c.path())
				}
			}
			return paths
		},
		why:    "this exporter gets what a connector counts of the rows: when it refuses, the rows themselves are sent again, and counted again",
		remedy: "give this exporter a sending_queue: counts that are lost do not matter, rows do",
	},
}
