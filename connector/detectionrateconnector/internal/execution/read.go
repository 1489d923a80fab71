package execution

import (
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/connector/detectionrateconnector/internal/object"
)

// EventName is that of records in the form of attributes.
const EventName = "security.test.execution"

const prefix = "security.test."

// Format is the form of an execution.
type Format string

// The formats. Auto finds out which one it is.
const (
	Auto       Format = "auto"
	Attributes Format = "attributes"
	Achilles   Format = "achilles"
	F0         Format = "f0"
)

// Is reports whether a record is an execution in one of the formats, whether or not it can be read.
func (f Format) Is(record plog.LogRecord) bool {
	if f.has(Attributes) && isAttributes(record) {
		return true
	}
	if f == Attributes || f == "" {
		return false
	}
	body, ok := object.Of(record.Body())
	return ok && f.formatOf(body) != Attributes
}

// has reports whether a format is asked for.
func (f Format) has(one Format) bool { return f == Auto || f == one }

// formatOf is that of an object; attributes, if it is none of the others that are asked for.
func (f Format) formatOf(o object.Object) Format {
	switch {
	case f.has(Achilles) && (o.Object("_source").At("f0rtika") != nil || o.Object("_source").At("f0rtika", "test_uuid") != nil ||
		o.At("f0rtika") != nil || o.At("f0rtika", "test_uuid") != nil):
		return Achilles
	case f.has(F0) && (o.At("testId") != nil || o.At("bundle_id") != nil && o.At("controls") != nil):
		return F0
	default:
		return Attributes
	}
}

func isAttributes(record plog.LogRecord) bool {
	_, named := record.Attributes().Get(prefix + "execution.id")
	return named || record.EventName() == EventName
}

// OfRecord reads the executions of a record. Those that cannot be read are not among them.
func (f Format) OfRecord(record plog.LogRecord, resource pcommon.Map) []Execution {
	o := object.Object(record.Attributes().AsRaw())
	at := record.Timestamp().AsTime()
	if record.Timestamp() == 0 {
		at = time.Time{}
	}
	if !f.has(Attributes) || !isAttributes(record) {
		body, _ := object.Of(record.Body())
		o = with(body, record.Attributes())
	}
	o = with(o, resource)
	found := f.OfObject(o, at)
	for i := range found {
		if record.ObservedTimestamp() != 0 {
			found[i].Observed = record.ObservedTimestamp().AsTime()
		}
	}
	return found
}

// with adds the name of the host where the object has none.
func with(o object.Object, attributes pcommon.Map) object.Object {
	if name, ok := attributes.Get("host.name"); ok && o["host.name"] == nil && o != nil {
		o["host.name"] = name.AsString()
	}
	return o
}

// OfObject reads the executions of an object. Those without a time were completed at a time that is known otherwise.
func (f Format) OfObject(o object.Object, at time.Time) []Execution {
	var found []Execution
	switch f.formatOf(o) {
	case Achilles:
		found = []Execution{achilles(o)}
	case F0:
		found = f0(o)
	default:
		found = []Execution{flat(o)}
	}
	valid := found[:0]
	for _, e := range found {
		if e.Completed.IsZero() {
			e.Completed = at
		}
		if e.complete() {
			valid = append(valid, e)
		}
	}
	return valid
}

// complete brings what was read to one form. It reports false if that is no execution.
func (e *Execution) complete() bool {
	if test, control, ok := strings.Cut(e.Test, "::"); ok {
		e.Test = test
		if e.Control == "" {
			e.Control = control
		}
	}
	e.Techniques, e.Binaries, e.Hashes = techniques(e.Techniques), lower(e.Binaries), lower(e.Hashes)
	e.Completed, e.Started = e.Completed.UTC(), e.Started.UTC()
	e.Host = strings.TrimSpace(e.Host)
	// Times are kept as nanoseconds since 1970, which reach to 2262.
	return e.ID != "" && e.Completed.Year() >= 1970 && e.Completed.Year() < 2262
}

// flat reads attributes, or columns.
func flat(o object.Object) Execution {
	of := func(name string) string {
		return o.First(prefix+name, strings.ReplaceAll(name, ".", "_"))
	}
	list := func(name string) []string {
		if found := o.Texts(prefix + name); len(found) > 0 {
			return found
		}
		return o.Texts(strings.ReplaceAll(name, ".", "_"))
	}
	return Execution{
		ID: of("execution.id"), Test: o.First(prefix+"id", "test_id"), Name: o.First(prefix+"name", "test_name"),
		Bundle: of("bundle.id"), Control: of("control.id"), Category: of("category"),
		Techniques: list("techniques"), Binaries: list("binary.names"), Hashes: append(list("binary.sha256"), o.Texts(prefix+"sha256")...),
		Host: o.First("host.name", "host"), Started: firstTime(o, prefix+"start_time", "started_at"),
		Completed: firstTime(o, "completed_at", prefix+"end_time"),
		Outcome:   outcomeOf(of("outcome"), of("exit_code"), of("control.id") != "" || strings.Contains(o.First(prefix+"id", "test_id"), "::")),
	}
}

func firstTime(o object.Object, keys ...string) time.Time {
	for _, key := range keys {
		if at := o.Time(key); !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}

// achilles reads a document of the index achilles-results, alone or as a hit of a search.
func achilles(o object.Object) Execution {
	id := o.Text("_id")
	if source := o.Object("_source"); source != nil {
		o = source
	}
	test := func(name string) string { return o.Text("f0rtika", name) }
	part := o.True("f0rtika", "is_bundle_control") || test("control_id") != ""
	e := Execution{
		ID: id, Test: test("test_uuid"), Name: test("test_name"), Bundle: test("bundle_id"), Control: test("control_id"),
		Category: test("category"), Techniques: o.Texts("f0rtika", "techniques"),
		Host: o.Text("routing", "hostname"), Completed: o.Time("routing", "event_time"),
		Outcome: outcomeOf("", o.Text("event", "ERROR"), part),
	}
	if e.Outcome == Unknown && test("is_protected") != "" {
		e.Outcome = Unprotected
		if o.True("f0rtika", "is_protected") {
			e.Outcome = Protected
		}
	}
	if e.ID == "" && e.Test != "" {
		e.ID = derivedID(e.Test, e.Host, e.Completed.Format(time.RFC3339Nano))
	}
	return e
}

// f0 reads the result of a test, or those of a bundle.
func f0(o object.Object) []Execution {
	if o.At("bundle_id") != nil {
		return bundle(o)
	}
	e := Execution{
		ID: o.Text("executionContext", "executionId"), Test: o.Text("testId"), Name: o.Text("testName"),
		Category: o.Text("testMetadata", "category"), Techniques: o.Texts("testMetadata", "techniques"),
		Host: firstText(o.Text("systemInfo", "hostname"), o.Text("host.name")), Started: o.Time("startTime"), Completed: o.Time("endTime"),
		Outcome: outcomeOf("", o.Text("exitCode"), strings.Contains(o.Text("testId"), "::")),
	}
	if e.ID == "" {
		e.ID = derivedID(e.Test, e.Host, e.Completed.Format(time.RFC3339Nano))
	}
	return []Execution{e}
}

func bundle(o object.Object) []Execution {
	var all []Execution
	id := o.Text("execution_id")
	if id == "" {
		id = derivedID(o.Text("bundle_id"), o.Text("host.name"), o.Text("completed_at"))
	}
	for _, control := range o.Objects("controls") {
		outcome := outcomeOf("", control.Text("exit_code"), true)
		if control.True("skipped") {
			outcome = Skipped
		}
		all = append(all, Execution{
			ID: id + "::" + control.Text("control_id"), Test: o.Text("bundle_id"), Name: control.Text("control_name"),
			Bundle: o.Text("bundle_id"), Control: control.Text("control_id"), Category: control.Text("category"),
			Techniques: control.Texts("techniques"), Host: firstText(o.Text("hostname"), o.Text("host.name")),
			Started: o.Time("started_at"), Completed: o.Time("completed_at"), Outcome: outcome,
		})
	}
	return all
}

func firstText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// derivedID is the same for the same parts.
func derivedID(parts ...string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(strings.Join(parts, "\x00"))).String()
}
