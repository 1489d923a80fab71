package architecture

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Roots of names that are long.
const (
	receiver  = "receiver/defenderreceiver/internal/"
	processor = "processor/totalnormalizeprocessor/internal/"
	postgres  = "extension/postgresstorageextension/internal/"
	siem      = "processor/defendersiemprocessor/internal/"
	rate      = "connector/detectionrateconnector/internal/"
	resolver  = "connector/alertresolverconnector/internal/"
	blobs     = "receiver/defenderstoragereceiver/internal/"
	emulator  = "internal/emulator/"
)

// floors is the order of the packages, the highest floor first. A package imports packages of lower floors only, so two
// packages of one floor do not know each other. An asterisk stands for one element of a path.
var floors = [][]string{
	// Commands, and packages that consist of tests.
	{"cmd/*", "scripts/*", "internal/architecture", "internal/browser", "internal/chart", "internal/e2e", "internal/packaging"},
	// The check of a configuration, and the start of the emulator and the stage of tests.
	{"internal/pipelinecheck", "internal/verification/pipeline", "internal/testbed", "scripts/bench/internal/*"},
	// The distribution, and the emulator.
	{"internal/distribution", emulator + "defendersim"},
	// The components: configuration, factory, wiring; the APIs of the emulator.
	{"receiver/*", "processor/*", "extension/*", "connector/*", emulator + "blobs", emulator + "hunting", emulator + "security", emulator + "users"},

	// The comparison of what the source has with what a destination holds.
	{"internal/verification"},
	{"internal/verification/destination"},
	{"internal/verification/comparison"},
	{"internal/verification/event"},

	// What the components and the emulator are made of.
	{postgres + "tenancy"},
	{receiver + "source", blobs + "tail", processor + "actor", siem + "selection", rate + "executionsfile", rate + "journal", rate + "report", resolver + "graph", resolver + "task", emulator + "api", emulator + "entra", emulator + "rows"},
	{receiver + "reader", receiver + "checkup", blobs + "checkup", blobs + "health", blobs + "state", processor + "directory", processor + "event", processor + "graphalert", processor + "order", processor + "drops", siem + "emitted", siem + "record", rate + "book", emulator + "faults", emulator + "judge", emulator + "tenant"},
	{receiver + "service", receiver + "audit", blobs + "account", blobs + "book", receiver + "journal", receiver + "watermark", receiver + "health", processor + "row", siem + "indicator", rate + "correlation", emulator + "answer"},
	{receiver + "failure", blobs + "export", blobs + "lines", blobs + "recent", receiver + "pivot", receiver + "query", receiver + "scheduler", processor + "memo", processor + "store", processor + "tuid", siem + "alert", rate + "alert", rate + "execution"},
	{receiver + "checkpoint", receiver + "feed", receiver + "ledger", receiver + "paging", receiver + "posture", receiver + "kusto", receiver + "quota", rate + "object", postgres + "database"},

	// What several components share.
	{"internal/testbed/postgres"},
	{"internal/credentials", "internal/delivery", "internal/streaming", "internal/testbed/collector", "internal/testbed/ports"},
	{"internal/logrecord", "internal/control/turns", "internal/diagnosis/step", "internal/storageclient"},
	{"internal/accounts", "internal/configschema", "internal/entra", "internal/hunting", "internal/replay", "internal/rowid"},
	{emulator + "kql/engine", emulator + "kql/oracle"},
	{emulator + "kql/syntax"},
	{emulator + "kql/value"},
	{
		"internal/control", "internal/diagnosis", "internal/jsonscan", "internal/proof", "internal/reach", "internal/refusal", "internal/lease", "internal/settings", "internal/tables",
		"internal/version", "*/*/internal/metadata", "*/*/internal/metadatatest",
	},
}

// users are, for each root of packages that are not for the product, who may import them beside themselves.
var users = map[string][]string{
	"internal/emulator": {"cmd/defendersim", "internal/testbed", "scripts/bench"},
	"internal/testbed":  nil, // tests alone
}

// floorOf is the index of a package's floor, or -1.
func floorOf(pkg string) int {
	return slices.IndexFunc(floors, func(floor []string) bool {
		return slices.ContainsFunc(floor, func(pattern string) bool {
			matches, err := path.Match(pattern, pkg)
			return err == nil && matches
		})
	})
}

// upward are the imports that do not go down.
func upward(g graph) []string {
	var found []string
	for _, pkg := range g.packages() {
		for _, imported := range g[pkg] {
			if floorOf(imported) <= floorOf(pkg) {
				found = append(found, fmt.Sprintf("%s imports %s", pkg, imported))
			}
		}
	}
	return found
}

// leaks are the imports by which a program links the testbed, or one that is not the emulator links the emulator.
func leaks(g graph) []string {
	within := func(pkg, root string) bool { return pkg == root || strings.HasPrefix(pkg, root+"/") }
	var found []string
	for _, pkg := range g.packages() {
		for _, imported := range g[pkg] {
			for root, allowed := range users {
				if within(imported, root) && !within(pkg, root) && !slices.Contains(allowed, pkg) {
					found = append(found, fmt.Sprintf("%s imports %s", pkg, imported))
				}
			}
		}
	}
	return found
}

// With -v it prints the packages from the highest floor down, each with what it imports.
func TestImportsGoDown(t *testing.T) {
	g := readGraph(t)
	require.Contains(t, g, "receiver/defenderreceiver")
	for _, pkg := range g.packages() {
		assert.NotEqual(t, -1, floorOf(pkg), "%s stands on no floor: add it to floors", pkg)
	}
	assert.Empty(t, upward(g), "imports go down only")
	assert.Empty(t, g.circle())
	assert.Empty(t, leaks(g), "only the emulator and tests use these packages")

	packages, arrows := g.packages(), 0
	slices.SortStableFunc(packages, func(a, b string) int { return floorOf(a) - floorOf(b) })
	for _, pkg := range packages {
		t.Logf("floor %2d  %s -> %s", len(floors)-floorOf(pkg), pkg, strings.Join(g[pkg], " "))
		arrows += len(g[pkg])
	}
	t.Logf("%d packages, %d arrows, %d upward", len(packages), arrows, len(upward(g)))
}

func TestAnArrowUpIsFound(t *testing.T) {
	g := graph{"internal/tables": {"internal/rowid"}, "internal/rowid": {"internal/tables"}}
	assert.Equal(t, []string{"internal/tables imports internal/rowid"}, upward(g))
	assert.Equal(t, []string{"internal/rowid", "internal/tables", "internal/rowid"}, g.circle())

	assert.NotEmpty(t, upward(graph{"internal/rowid": {"internal/entra"}}), "two packages of one floor")
	assert.NotEmpty(t, upward(graph{"internal/rowid": {"internal/unheardof"}}), "a package without a floor")
	assert.Empty(t, upward(graph{receiver + "failure": {"internal/hunting"}}))

	assert.Equal(t, []string{"receiver/defenderreceiver imports internal/emulator/kql/engine"},
		leaks(graph{"receiver/defenderreceiver": {"internal/emulator/kql/engine"}, "cmd/defendersim": {"internal/emulator/defendersim"}}))
	assert.Equal(t, []string{"cmd/defendersim imports internal/testbed", "internal/emulator/rows imports internal/testbed/collector"},
		leaks(graph{
			"cmd/defendersim": {"internal/testbed"}, "internal/emulator/rows": {"internal/testbed/collector"},
			"internal/testbed": {"internal/emulator/defendersim", "internal/testbed/collector"},
		}))
}
