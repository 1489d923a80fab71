package source

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/feed"
)

// FeedKind is what the objects of a list are.
type FeedKind struct {
	// EventName is that of their records.
	EventName string
	// identity is the part of their ids that tells the kind.
	identity string
	// id and incident are the attributes of an object's own id, and of the incident that it belongs to.
	id, incident string
	// news is the attribute that says whether a version is the first one; empty: there is none.
	news string
}

// The kinds of objects.
var (
	AlertsFeed = FeedKind{
		EventName: logrecord.EventAlertV2, identity: "alert_v2", id: logrecord.AttributeAlertID, incident: logrecord.AttributeIncidentID,
		news: logrecord.AttributeAlertNew,
	}
	IncidentsFeed = FeedKind{EventName: logrecord.EventIncident, identity: "incident", id: logrecord.AttributeIncidentID}
)

// object is what the delivery of an object depends on.
func (FeedKind) object(body pcommon.Map) feed.Object {
	o := feed.Object{ID: textOf(body, "id"), Updated: timeOf(body, "lastUpdateDateTime"), Created: timeOf(body, "createdDateTime")}
	if evidence, ok := body.Get("evidence"); ok && evidence.Type() == pcommon.ValueTypeSlice {
		o.Parts = evidence.Slice().Len()
	}
	return o
}

// contentOf is an object that lacks its id or time: it is known by its content.
func contentOf(body pcommon.Map, o feed.Object, at time.Time) feed.Object {
	text, _ := json.Marshal(body.AsRaw()) // what came as JSON is JSON
	sum := sha256.Sum256(text)
	o.ID += "#" + hex.EncodeToString(sum[:16])
	if o.Updated.IsZero() {
		o.Updated = at
	}
	return o
}

// uid is the id of a version's record. A version that has grown without a new time has another one.
func (k FeedKind) uid(tenantID string, o feed.Object, standing feed.Standing) uuid.UUID {
	name := k.identity + "\x00" + o.ID + "\x00" + o.Updated.UTC().Format("2006-01-02T15:04:05.0000000Z")
	if standing == feed.Grown {
		name += "\x00" + strconv.Itoa(o.Parts)
	}
	return uuid.NewSHA1(tenantOf(tenantID), []byte(name))
}

// tenantOf is the space of the ids of a tenant's records.
func tenantOf(tenantID string) uuid.UUID {
	tenant, err := uuid.Parse(tenantID)
	if err != nil {
		tenant = uuid.NewSHA1(uuid.NameSpaceDNS, []byte(tenantID))
	}
	return tenant
}

// severities are those of records, by Graph's words.
var severities = map[string]plog.SeverityNumber{
	"high": plog.SeverityNumberError, "medium": plog.SeverityNumberWarn, "low": plog.SeverityNumberWarn,
	"informational": plog.SeverityNumberInfo,
}

// describe adds to a record what readers select by.
func (k FeedKind) describe(record plog.LogRecord, o feed.Object, isNew bool) {
	record.SetEventName(k.EventName)
	body, attributes := record.Body().Map(), record.Attributes()
	attributes.PutStr(k.id, o.ID)
	if incident := textOf(body, "incidentId"); k.incident != "" && incident != "" {
		attributes.PutStr(k.incident, incident)
	}
	if k.news != "" {
		attributes.PutBool(k.news, isNew)
	}
	severity := textOf(body, "severity")
	record.SetSeverityText(severity)
	record.SetSeverityNumber(severities[severity])
}

func textOf(body pcommon.Map, key string) string {
	if v, ok := body.Get(key); ok && v.Type() == pcommon.ValueTypeStr {
		return v.Str()
	}
	return ""
}

func timeOf(body pcommon.Map, key string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, textOf(body, key))
	if err != nil {
		return time.Time{}
	}
	return at
}
