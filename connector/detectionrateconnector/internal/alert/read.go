package alert

import (
	"regexp"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/object"
	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

const alertsTable = "Alerts"

// maxDepth is how deep evidence is looked for below evidence.
const maxDepth = 6

var (
	eventOfRows = tables.EventName(alertsTable)
	inBrackets  = regexp.MustCompile(`\((T\d+(?:\.\d+)?)\)`)
	aUUID       = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

// Is reports whether a record is an alert, or a row of one, whether or not it can be read.
func Is(record plog.LogRecord) bool {
	return record.EventName() == logrecord.EventAlertV2 || isRow(record)
}

func isRow(record plog.LogRecord) bool {
	if record.EventName() == eventOfRows {
		return true
	}
	table, ok := record.Attributes().Get(logrecord.AttributeTable)
	return ok && table.AsString() == alertsTable && record.EventName() == ""
}

// Read reads a record. It reports false if the record has no id or no time.
func Read(record plog.LogRecord) (Alert, bool) {
	body, ok := object.Of(record.Body())
	if !ok {
		return Alert{}, false
	}
	if isRow(record) {
		return readRow(body)
	}
	return readVersion(body)
}

// readVersion reads a version of an alert as Graph sends it.
func readVersion(o object.Object) (Alert, bool) {
	a := Alert{ID: o.First("id", "providerAlertId"), created: nanoseconds(o.Time("createdDateTime"))}
	if at := nanoseconds(o.Time("lastUpdateDateTime")); at != 0 {
		a.updates = []int64{at}
	}
	var c collected
	for _, item := range o.Objects("evidence") {
		c.evidence(item, 0)
	}
	c.into(&a, o.Texts("mitreTechniques"))
	return a, a.ID != "" && a.Created() != 0
}

// readRow reads one item of an alert's evidence.
func readRow(o object.Object) (Alert, bool) {
	a := Alert{ID: o.Text("AlertId"), row: nanoseconds(o.Time("Timestamp"))}
	if a.row != 0 {
		a.updates = []int64{a.row}
	}
	var c collected
	c.host(o.Text("DeviceName"))
	if text := o.Text("AdditionalFields"); strings.Contains(text, `"HostName"`) {
		more, _ := object.Parse([]byte(text))
		c.host(more.Text("Host", "HostName"))
	}
	c.file(o.Text("FileName"), o.Text("FolderPath"), o.Text("SHA256"))
	c.into(&a, o.Texts("AttackTechniques"))
	return a, a.ID != "" && a.row != 0
}

// collected is what the evidence says.
type collected struct{ hosts, names, hashes, tests []string }

func (c *collected) into(a *Alert, techniques []string) {
	var ids []string
	for _, text := range techniques {
		ids = append(ids, idsIn(strings.ToUpper(strings.TrimSpace(text)))...)
	}
	a.Techniques, a.Hosts, a.Names = wordsOf(ids), wordsOf(c.hosts), wordsOf(c.names)
	a.Hashes, a.Tests = wordsOf(c.hashes), wordsOf(c.tests)
}

// idsIn are the techniques of a text: T1059.001, or POWERSHELL (T1059.001).
func idsIn(text string) []string {
	if !strings.Contains(text, "(") {
		return []string{text}
	}
	var ids []string
	for _, found := range inBrackets.FindAllStringSubmatch(text, -1) {
		ids = append(ids, found[1])
	}
	return ids
}

// evidence takes what an item says, and what stands below it.
func (c *collected) evidence(item object.Object, depth int) {
	c.host(item.Text("deviceDnsName"))
	c.host(item.Text("hostName"))
	for _, key := range []string{"fileDetails", "imageFile", "parentProcessImageFile"} {
		file := item.Object(key)
		c.file(file.Text("fileName"), file.Text("filePath"), file.Text("sha256"))
	}
	if strings.EqualFold(item.Text("algorithm"), "sha256") {
		c.file("", "", item.Text("value"))
	}
	if depth == maxDepth {
		return
	}
	for _, key := range []string{"files", "processes"} {
		for _, below := range item.Objects(key) {
			c.evidence(below, depth+1)
		}
	}
}

func (c *collected) host(name string) {
	c.hosts = append(c.hosts, strings.ToLower(strings.TrimSpace(name)))
}

func (c *collected) file(name, path, sha256 string) {
	name, path = strings.ToLower(name), strings.ToLower(path)
	c.names = append(c.names, name)
	c.hashes = append(c.hashes, strings.ToLower(sha256))
	c.tests = append(c.tests, aUUID.FindAllString(path, -1)...)
	c.tests = append(c.tests, aUUID.FindAllString(name, -1)...)
}

// IsUUID reports whether a text has the form of a UUID in lower case. A shorter id would occur in names by chance.
func IsUUID(text string) bool { return len(text) == 36 && aUUID.MatchString(text) }
