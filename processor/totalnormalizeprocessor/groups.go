package totalnormalizeprocessor

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

const (
	attributeDomainID = "total.domain_id"
	attributeTUID     = "total.tuid"
	attributeUserName = "user.name"
)

// groups collects events so that each person has one ResourceLogs, in order of appearance.
type groups struct {
	logs      plog.Logs
	schemaURL string // empty: the one that the records came with
	people    map[groupKey]plog.LogRecordSlice
}

type groupKey struct{ resource, attribute, person string }

func newGroups(schemaURL string) *groups {
	return &groups{logs: plog.NewLogs(), schemaURL: schemaURL, people: map[groupKey]plog.LogRecordSlice{}}
}

// source is where the records of one scope come from: its groups inherit resource and scope.
type source struct {
	groups   *groups
	key      string
	resource plog.ResourceLogs
	scope    plog.ScopeLogs
	tenantID string // where it is not the resource's
}

func (g *groups) from(resource plog.ResourceLogs, scope plog.ScopeLogs) source {
	// Resources that say the same are one, whatever call or scope they came in.
	key := fmt.Sprintf("%#v", resource.Resource().Attributes().AsRaw())
	return source{groups: g, key: key, resource: resource, scope: scope}
}

// of is where the record's event goes. The tenant that stands on the record belongs to the resource.
func (s source) of(record plog.LogRecord) source {
	v, ok := record.Attributes().Get(tables.AttributeTenantID)
	if !ok {
		return s
	}
	tenantID := text(v)
	record.Attributes().Remove(tables.AttributeTenantID)
	if known, ok := s.resource.Resource().Attributes().Get(tables.AttributeTenantID); ok && text(known) == tenantID || tenantID == "" {
		return s
	}
	s.tenantID, s.key = tenantID, s.key+"\x00"+tenantID
	return s
}

// group returns the records of one person. Where the tuid is empty the person's key stands for it.
func (s source) group(domainID string, tuid resolvedTUID, personKey string) plog.LogRecordSlice {
	attribute, person := attributeTUID, string(tuid)
	if tuid == "" {
		attribute, person = attributeUserName, personKey
	}
	key := groupKey{s.key, attribute, person}
	if records, ok := s.groups.people[key]; ok {
		return records
	}
	resource := s.groups.logs.ResourceLogs().AppendEmpty()
	s.resource.Resource().CopyTo(resource.Resource())
	resource.SetSchemaUrl(s.resource.SchemaUrl())
	if s.tenantID != "" {
		resource.Resource().Attributes().PutStr(tables.AttributeTenantID, s.tenantID)
	}
	resource.Resource().Attributes().PutStr(attributeDomainID, domainID)
	resource.Resource().Attributes().PutStr(attribute, person)
	scope := resource.ScopeLogs().AppendEmpty()
	s.scope.Scope().CopyTo(scope.Scope())
	scope.SetSchemaUrl(firstOf(s.groups.schemaURL, s.scope.SchemaUrl()))
	s.groups.people[key] = scope.LogRecords()
	return scope.LogRecords()
}

// appendTo moves the groups, each in order of time, to the end of logs.
func (g *groups) appendTo(logs plog.Logs) {
	for _, records := range g.people {
		records.Sort(before)
	}
	g.logs.ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())
}

func before(a, b plog.LogRecord) bool {
	if a.Timestamp() != b.Timestamp() {
		return a.Timestamp() < b.Timestamp()
	}
	return uidOf(a) < uidOf(b)
}

func uidOf(record plog.LogRecord) string {
	v, ok := record.Attributes().Get(tables.AttributeUID)
	if !ok {
		return ""
	}
	return text(v)
}
