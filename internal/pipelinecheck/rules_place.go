package pipelinecheck

import (
	"path"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
)

// Where files lie: those that a reboot empties, and those that two components would write.
var placeRules = []rule{
	{
		name: "cursors_in_memory", effect: Loses,
		where:  among(cursorStorage).at("directory", liesIn("directory", memoryDirectories)),
		why:    "this directory is in the machine's memory: after a reboot there are no cursors, the start counts as a first one, and only initial_lookback is read",
		remedy: "a directory on a disk, e.g. /var/lib/otelcol-defender/cursors",
	},
	{
		name: "cursors_temporary", effect: MayLose,
		where:  among(cursorStorage).at("directory", liesIn("directory", temporaryDirectories)),
		why:    "many systems empty this directory at a reboot, or delete what is old in it: then there are no cursors, and only initial_lookback is read",
		remedy: "a directory that is kept, e.g. /var/lib/otelcol-defender/cursors",
	},
	{
		name: "dead_letters_in_memory", effect: Loses,
		where:  theSource(typeDefender, typeDefenderBlobs).at("dead_letter::directory", liesIn("dead_letter::directory", memoryDirectories)),
		why:    "this directory is in the machine's memory: the rows that an exporter refused for good are kept nowhere else, and gone after a reboot",
		remedy: "a directory on a disk, e.g. /var/lib/otelcol-defender/dead-letters",
	},
	{
		name: "dead_letters_temporary", effect: MayLose,
		where:  theSource(typeDefender, typeDefenderBlobs).at("dead_letter::directory", liesIn("dead_letter::directory", temporaryDirectories)),
		why:    "many systems empty this directory at a reboot, or delete what is old in it: the rows that an exporter refused for good are kept nowhere else",
		remedy: "a directory that is kept, e.g. /var/lib/otelcol-defender/dead-letters",
	},
	{
		name: "queue_in_memory", effect: Loses,
		where:  among(queueStorage).at("directory", liesIn("directory", memoryDirectories)),
		why:    "this directory is in the machine's memory: a reboot loses the rows in the queue, which were reported as accepted",
		remedy: "a directory on a disk, e.g. /var/lib/otelcol-defender/queue",
	},
	{
		name: "queue_temporary", effect: MayLose,
		where:  among(queueStorage).at("directory", liesIn("directory", temporaryDirectories)),
		why:    "many systems empty this directory at a reboot: that loses the rows in the queue, which were reported as accepted",
		remedy: "a directory that is kept, e.g. /var/lib/otelcol-defender/queue",
	},
	{
		name: "events_in_memory", effect: Loses,
		where:  reaching(typeFile).at("path", liesIn("path", memoryDirectories)),
		why:    "this file is in the machine's memory: what was not collected from it before a reboot is gone, and counts as delivered",
		remedy: "a path on a disk, e.g. /var/lib/otelcol-defender/total-events.ndjson",
	},
	{
		name: "line_not_mended", effect: Loses,
		where: func(f *flow) []string {
			var paths []string
			for _, c := range f.reachedFiles() {
				if encoding := f.of.extension(c, "encoding"); encoding != nil && encoding.is(typeNDJSON) && !c.truth("group_by::enabled") &&
					!samePath(encoding.text("appends_to"), c.text("path")) {
					paths = append(paths, joinKeys(encoding.path(), "appends_to"))
				}
			}
			return paths
		},
		why:    "the file exporter's path is another: after a crash or a full disk the last line is cut off, and the next event, which is reported as delivered, is joined to the piece",
		remedy: "appends_to: the same path as the file exporter's; each file exporter with this encoding needs an extension of its own, e.g. ndjson_encoding/2",
	},
	{
		name: "one_file_twice", effect: Loses,
		where: func(f *flow) []string {
			var paths []string
			for _, c := range f.reachedFiles() {
				if slices.ContainsFunc(f.of.filesBeside(c.id), func(other *configured) bool { return samePath(other.text("path"), c.text("path")) }) {
					paths = append(paths, joinKeys(c.path(), "path"))
				}
			}
			return paths
		},
		why:    "another file exporter writes the same file: each of them rotates it, and writes on where it takes the end to be, so that lines of the other are cut, or left in a file that is deleted",
		remedy: "one exporter in all of the pipelines, or a path for each",
	},
}

var (
	// memoryDirectories are in memory on every Linux.
	memoryDirectories = []string{"/dev/shm", "/run", "/var/run", "/var/lock", "/run/shm", "/dev", "/sys/fs/cgroup"}
	// temporaryDirectories are emptied by many systems, on Windows by its own cleaning.
	temporaryDirectories = []string{"/tmp", "/private/tmp", "/var/tmp", "c:/windows/temp", "c:/temp"}
)

func liesIn(key string, directories []string) func(*configured, *flow) bool {
	return func(c *configured, _ *flow) bool {
		at := cleaned(c.text(key))
		temporaryOfUser := strings.Contains(at, "/appdata/local/temp/") && slices.Contains(directories, "/tmp")
		return temporaryOfUser || slices.ContainsFunc(directories, func(d string) bool { return at == d || strings.HasPrefix(at, d+"/") })
	}
}

// cleaned is a path in one form, of Windows too: the check may run on another system than the collector.
func cleaned(file string) string {
	if file == "" {
		return ""
	}
	if len(file) > 1 && file[1] == ':' || strings.Contains(file, `\`) {
		file = strings.ToLower(strings.ReplaceAll(file, `\`, "/"))
	}
	return path.Clean(file)
}

// samePath compares paths as far as that is possible without knowing where the collector is started.
func samePath(a, b string) bool {
	a, b = cleaned(a), cleaned(b)
	if a == b || a == "" || b == "" {
		return a == b
	}
	isWhole := func(p string) bool { return path.IsAbs(p) || len(p) > 1 && p[1] == ':' }
	if isWhole(a) == isWhole(b) {
		return false
	}
	return strings.HasSuffix(a, "/"+b) || strings.HasSuffix(b, "/"+a)
}

func (f *flow) reachedFiles() []*configured { return only(f.reached, []string{typeFile}) }

// filesBeside are the other file exporters of the configuration that are used.
func (c *configuration) filesBeside(id component.ID) []*configured {
	var all []*configured
	for _, other := range sorted(c.components[exporters]) {
		if found := c.components[exporters][other]; other != id && found.is(typeFile) && c.isUsed(found) {
			all = append(all, found)
		}
	}
	return all
}
