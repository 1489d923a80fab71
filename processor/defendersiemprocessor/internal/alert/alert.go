package alert

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Unknown is what Graph sends instead of an enum's member that the reader did not ask for. It is no value.
const Unknown = "unknownFutureValue"

// Kind is the type of an evidence without its namespace, e.g. processEvidence. It is empty where the type is missing.
type Kind string

// The kinds that the former API knew, and those that can be added.
const (
	Device            Kind = "deviceEvidence"
	DNS               Kind = "dnsEvidence"
	File              Kind = "fileEvidence"
	FileHash          Kind = "fileHashEvidence"
	IP                Kind = "ipEvidence"
	NetworkConnection Kind = "networkConnectionEvidence"
	Process           Kind = "processEvidence"
	URL               Kind = "urlEvidence"
	User              Kind = "userEvidence"
)

// Evidence is one element of an alert's evidence.
type Evidence struct {
	Object
	Kind Kind
}

// File is the evidence's own file: that of a file evidence, or the image of a process.
func (e Evidence) File() Object {
	if e.Kind == Process {
		return e.Object.Object("imageFile")
	}
	return e.Object.Object("fileDetails")
}

// Alert is one version of an alert.
type Alert struct {
	Object
	// Evidence is in the order of the alert. Evidence below other evidence is not among it.
	Evidence []Evidence
}

// Read reads a body.
func Read(body pcommon.Map) Alert {
	a := Alert{Object: Of(body)}
	for _, o := range a.Objects("evidence") {
		a.Evidence = append(a.Evidence, Evidence{Object: o, Kind: kindOf(o.Text("@odata.type"))})
	}
	return a
}

// ID is the alert's id. It is empty where the alert has none.
func (a Alert) ID() string {
	if id := a.Text("id"); id != "" {
		return id
	}
	return a.Text("providerAlertId")
}

// kindOf takes the namespace off: #microsoft.graph.security.processEvidence.
func kindOf(odataType string) Kind {
	return Kind(odataType[strings.LastIndexByte(odataType, '.')+1:])
}
