package pipelinecheck

var exporterRules = []rule{
	{
		name: "required_acks", effect: Loses,
		where: reaching(typeKafka).at("producer::required_acks", func(c *configured, _ *flow) bool {
			return c.number("producer::required_acks") != -1
		}),
		why:    "a message counts as delivered when one broker has it (the default), or none: if that broker fails, it is gone; and retries can repeat and reorder messages",
		remedy: "producer: {required_acks: all}, and min.insync.replicas of at least 2 on the topic",
	},
	{
		name: "no_partition_key", effect: Disorders,
		where: reaching(typeKafka).at("partition_logs_by_resource_attributes", func(c *configured, _ *flow) bool {
			return !c.truth("partition_logs_by_resource_attributes") && c.text("logs::message_key_from_metadata_key") == ""
		}),
		why:    "messages have no key of the person: one person's events spread over all partitions, where they have no order",
		remedy: "partition_logs_by_resource_attributes: true, after total_normalize, which gives each person a resource",
	},
	{
		name: "partitioner_ignores_keys", effect: Disorders,
		where: reaching(typeKafka).at("record_partitioner", func(c *configured, _ *flow) bool {
			return !c.has("record_partitioner::sticky_key")
		}),
		why:    "only the sticky_key partitioner puts messages of one key into one partition",
		remedy: "record_partitioner: {sticky_key: {hasher: murmur2}}",
	},
	{
		name: "topic_auto_creation", effect: Notes,
		where:  reaching(typeKafka).at("producer::allow_auto_topic_creation", is("producer::allow_auto_topic_creation")),
		why:    "a topic that is missing or misspelled is created with the brokers' defaults: often one partition, one replica and a short retention",
		remedy: "producer: {allow_auto_topic_creation: false}, and create the topic",
	},
	{
		name: "file_truncates", effect: Loses,
		where:  reaching(typeFile).at("rotation", both(withoutRotation, isNot("append"))),
		why:    "without rotation and append the exporter empties its file at every start",
		remedy: "rotation: {max_megabytes: 256, max_backups: 100}",
	},
	{
		name: "file_buffers", effect: Loses,
		where:  reaching(typeFile).at("rotation", both(withoutRotation, is("append"))),
		why:    "without rotation rows are accepted into a buffer that is written every flush_interval, and an error of that, such as a full disk, is ignored",
		remedy: "rotation: {max_megabytes: 256, max_backups: 100} instead of append: it writes at once and continues its file too",
	},
	{
		name: "file_deletes_old", effect: Notes,
		where: reaching(typeFile).at("rotation", func(c *configured, _ *flow) bool {
			return c.number("rotation::max_backups") > 0 || c.number("rotation::max_days") > 0
		}),
		why:    "the oldest file is deleted when there are more than max_backups of them, or when it is older than max_days",
		remedy: "collect the files before that, and size the two so that an outage of the collecting side fits",
	},
	{
		name: "partial_success", effect: Notes,
		where:  reaching(typeOTLPGRPC, typeOTLPHTTP).at("", always),
		why:    "a backend that takes a call but rejects some of its records (partial success) loses those: the exporter only logs a warning",
		remedy: "watch the collector's log for \"Partial success response\"",
	},
}

func withoutRotation(c *configured, _ *flow) bool { return !c.has("rotation") }
