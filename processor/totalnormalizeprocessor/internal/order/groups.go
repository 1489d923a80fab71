package order

import (
	"cmp"
	"fmt"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"

	"go.opentelemetry.io/collector/pdata/plog"
)

// The attributes of a person's resource. With an empty tuid the user name takes its place.
const (
	AttributeDomainID = "total.domain_id"
	AttributeTUID     = "total.tuid"
	AttributeUserName = "user.name"
)

// Groups collects events so that each person has one ResourceLogs, in order of appearance.
type Groups struct {
	logs      plog.Logs
	schemaURL string // empty: the one that the records came with
	people    map[groupKey]plog.LogRecordSlice
}

type groupKey struct{ resource, attribute, person string }

// NewGroups returns an empty collection; an empty schemaURL leaves the one that records came with.
func NewGroups(schemaURL string) *Groups {
	return &Groups{logs: plog.NewLogs(), schemaURL: schemaURL, people: map[groupKey]plog.LogRecordSlice{}}
}

// Source is where the records of one scope come from: its groups inherit resource and scope.
type Source struct {
	groups   *Groups
	key      string
	resource plog.ResourceLogs
	scope    plog.ScopeLogs
	tenantID string // where it is not the resource's
}

// From is where the records of a scope come from.
func (g *Groups) From(resource plog.ResourceLogs, scope plog.ScopeLogs) Source {
	// Resources that say the same are one, whatever call or scope they came in.
	key := fmt.Sprintf("%#v", resource.Resource().Attributes().AsRaw())
	return Source{groups: g, key: key, resource: resource, scope: scope}
}

// OfTenant is where the events go of records on which a tenant stands, which belongs to the resource.
func (s Source) OfTenant(tenantID string) Source {
	if known, ok := s.resource.Resource().Attributes().Get(logrecord.AttributeTenantID); ok && known.AsString() == tenantID || tenantID == "" {
		return s
	}
	s.tenantID, s.key = tenantID, s.key+"\x00"+tenantID
	return s
}

// Person returns the records of one person. Where the tuid is empty the person's key stands for it.
func (s Source) Person(domainID, tuid, personKey string) plog.LogRecordSlice {
	attribute, person := AttributeTUID, tuid
	if tuid == "" {
		attribute, person = AttributeUserName, personKey
	}
	key := groupKey{s.key, attribute, person}
	if records, ok := s.groups.people[key]; ok {
		return records
	}
	resource := s.groups.logs.ResourceLogs().AppendEmpty()
	s.resource.Resource().CopyTo(resource.Resource())
	resource.SetSchemaUrl(s.resource.SchemaUrl())
	if s.tenantID != "" {
		resource.Resource().Attributes().PutStr(logrecord.AttributeTenantID, s.tenantID)
	}
	resource.Resource().Attributes().PutStr(AttributeDomainID, domainID)
	resource.Resource().Attributes().PutStr(attribute, person)
	scope := resource.ScopeLogs().AppendEmpty()
	s.scope.Scope().CopyTo(scope.Scope())
	scope.SetSchemaUrl(cmp.Or(s.groups.schemaURL, s.scope.SchemaUrl()))
	s.groups.people[key] = scope.LogRecords()
	return scope.LogRecords()
}

// AppendTo moves the groups, each in order of time, to the end of logs.
func (g *Groups) AppendTo(logs plog.Logs) {
	for _, records := range g.people {
		if !isSorted(records) { // most are, and Sort allocates
			records.Sort(before)
		}
	}
	g.logs.ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
}

func isSorted(records plog.LogRecordSlice) bool {
	for i := 1; i < records.Len(); i++ {
		if before(records.At(i), records.At(i-1)) {
			return false
		}
	}
	return true
}

func before(a, b plog.LogRecord) bool {
	if a.Timestamp() != b.Timestamp() {
		return a.Timestamp() < b.Timestamp()
	}
	return UIDOf(a) < UIDOf(b)
}

// UIDOf is a record's id.
func UIDOf(record plog.LogRecord) string {
	v, ok := record.Attributes().Get(logrecord.AttributeUID)
	if !ok {
		return ""
	}
	return v.AsString()
}
