package pipelinecheck

// What only works with one worker, in a configuration whose receivers several share.
var workerRules = []rule{
	{
		name: "memory_of_one_worker", effect: Disorders,
		where: passing(typeTotalNormalize, typeDefenderSIEM).at("storage", both(isShared, isKeptApart)),
		why: "the receivers' state is in postgres_storage, and this processor's is not: a worker that takes a receiver over does not know the people, the order and" +
			" the alerts that the worker before it knew",
		remedy: "storage: the postgres_storage of the receiver, which workers share",
	},
	{
		name: "queue_of_one_worker", effect: Stalls,
		where:  reaching().at("sending_queue::storage", both(queuedIn(persistent), isInDatabase("sending_queue::storage"))),
		why:    "one process at a time can have an exporter's queue in postgres_storage open: a second worker with this configuration does not start",
		remedy: "a file_storage with a directory of its own on each worker",
	},
}

// isShared reports whether several workers can share the source.
func isShared(_ *configured, f *flow) bool { return isInDatabase("storage")(f.source, f) }

func isKeptApart(c *configured, f *flow) bool { return !isInDatabase("storage")(c, f) }

// isInDatabase reports whether a setting names a storage that several workers share.
func isInDatabase(key string) func(*configured, *flow) bool {
	return func(c *configured, f *flow) bool {
		storage := f.of.extension(c, key)
		return storage != nil && storage.is(typePostgresStorage)
	}
}
