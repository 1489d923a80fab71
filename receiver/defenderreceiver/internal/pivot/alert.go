package pivot

import (
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Alert is a version of an alert, as far as its context depends on it.
type Alert struct {
	ID, Incident string
	Severity     string // Graph's word
	// First and Last are the times of its first and last activity.
	First, Last time.Time
	Evidence    []Evidence
}

// Evidence is a piece of evidence that rows can be found by.
type Evidence struct {
	Kind Kind
	// Device is the id of the device that it names itself; empty: it names none.
	Device string
	// Process is the process of Process and Parent.
	Process Process
	// Value is the hash, address, host, SID or name of the others.
	Value string
	// Attached is when the alert got it.
	Attached time.Time
	// platform is the operating system of a device.
	platform string
}

// deepest bounds the nesting of evidence.
const deepest = 3

// AlertOf reads an alert of Graph's security API.
func AlertOf(body pcommon.Map) Alert {
	a := Alert{
		ID: text(body, "id"), Incident: text(body, "incidentId"), Severity: text(body, "severity"),
		First: instant(body, "firstActivityDateTime"), Last: instant(body, "lastActivityDateTime"),
	}
	created := instant(body, "createdDateTime")
	if a.First.IsZero() {
		a.First = created
	}
	if a.Last.Before(a.First) {
		a.Last = a.First
	}
	for _, item := range list(body, "evidence") {
		a.take(item, instant(item, "createdDateTime"), deepest)
	}
	return a
}

// take adds what a piece of evidence, and what is nested in it, tells.
func (a *Alert) take(item pcommon.Map, attached time.Time, depth int) {
	if depth == 0 {
		return
	}
	add := func(e Evidence) {
		e.Attached = attached
		a.Evidence = append(a.Evidence, e)
	}
	device := text(item, "mdeDeviceId")
	_, name, _ := strings.Cut(text(item, "@odata.type"), "#microsoft.graph.security.")
	switch name {
	case "deviceEvidence":
		add(Evidence{Kind: Device, Device: device, platform: text(item, "osPlatform")})
	case "processEvidence":
		add(Evidence{Kind: Running, Device: device, Process: Process{number(item, "processId"), instant(item, "processCreationDateTime")}})
		add(Evidence{Kind: Parent, Device: device, Process: Process{number(item, "parentProcessId"), instant(item, "parentProcessCreationDateTime")}})
	case "fileEvidence":
		add(Evidence{Kind: File, Device: device, Value: hashOf(child(item, "fileDetails"))})
	case "fileHashEvidence":
		add(Evidence{Kind: File, Value: text(item, "value")})
	case "ipEvidence":
		add(Evidence{Kind: Address, Value: text(item, "ipAddress")})
	case "networkConnectionEvidence":
		add(Evidence{Kind: Address, Value: text(child(item, "destinationAddress"), "ipAddress")})
		add(Evidence{Kind: Address, Value: text(child(item, "sourceAddress"), "ipAddress")})
	case "urlEvidence":
		add(Evidence{Kind: Host, Value: text(item, "url")})
	case "dnsEvidence":
		add(Evidence{Kind: Host, Value: text(item, "domainName")})
	case "userEvidence":
		add(personOf(child(item, "userAccount")))
	case "malwareEvidence":
		for _, key := range []string{"files", "processes"} {
			for _, nested := range list(item, key) {
				a.take(nested, attached, depth-1)
			}
		}
	}
}

// hashOf is a file's hash, the shorter one first: it is the one that rows have.
func hashOf(details pcommon.Map) string {
	if sha1 := text(details, "sha1"); sha1 != "" {
		return sha1
	}
	return text(details, "sha256")
}

func personOf(account pcommon.Map) Evidence {
	if sid := text(account, "userSid"); sid != "" {
		return Evidence{Kind: User, Value: sid}
	}
	return Evidence{Kind: Account, Value: text(account, "accountName")}
}

func child(body pcommon.Map, key string) pcommon.Map {
	if v, ok := body.Get(key); ok && v.Type() == pcommon.ValueTypeMap {
		return v.Map()
	}
	return pcommon.NewMap()
}

func list(body pcommon.Map, key string) []pcommon.Map {
	v, ok := body.Get(key)
	if !ok || v.Type() != pcommon.ValueTypeSlice {
		return nil
	}
	var items []pcommon.Map
	for _, item := range v.Slice().All() {
		if item.Type() == pcommon.ValueTypeMap {
			items = append(items, item.Map())
		}
	}
	return items
}

func text(body pcommon.Map, key string) string {
	if v, ok := body.Get(key); ok && v.Type() == pcommon.ValueTypeStr {
		return v.Str()
	}
	return ""
}

// number reads a number that may be written as a text.
func number(body pcommon.Map, key string) int64 {
	v, ok := body.Get(key)
	switch {
	case !ok:
		return 0
	case v.Type() == pcommon.ValueTypeInt:
		return v.Int()
	case v.Type() == pcommon.ValueTypeStr:
		n, err := strconv.ParseInt(v.Str(), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return 0
}

func instant(body pcommon.Map, key string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text(body, key))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
