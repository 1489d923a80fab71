package graphalert

import (
	"encoding/json"
	"slices"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// namespace keeps the ids apart from all other UUIDs. It never changes: ids are stored at customers.
var namespace = uuid.MustParse("0a3d1a38-6f0b-5f0e-9c54-8a3c7d5a1b02")

// identity is what tells a row from all others: the alert, the item of evidence, what the event shows of them, and by
// whom the event may be. What changes in each version (status, verdicts, the device's present state) is no part of it.
type identity struct{ parts []string }

// mutable are the members of an item that analysts and the service change.
var mutable = []string{"verdict", "remediationStatus", "remediationStatusDetails", "roles", "detailedRoles", "tags", "detectionStatus"}

func newIdentity(tenantID string, columns pcommon.Map, users users, e evidence) *identity {
	id := &identity{}
	id.add(tenantID, e.kind, textAt(e.item, createdKey), textAt(e.columns, "EvidenceRole"))
	for _, v := range columns.All() {
		id.add(v.AsString())
	}
	id.addItem(e)
	switch {
	case !e.account.IsEmpty():
		id.add("account", nameOf(e.account))
	case len(users) > 0:
		id.add("users", users.one())
	default:
		id.addValue(e.item, "loggedOnUsers")
	}
	return id
}

// addItem adds what an item is: the fields that the table has columns for, else all of it.
func (id *identity) addItem(e evidence) {
	fields, known := fieldsOf[e.kind]
	if !known {
		rest := pcommon.NewMap()
		e.item.CopyTo(rest)
		for _, name := range mutable {
			rest.Remove(name)
		}
		text, _ := json.Marshal(rest.AsRaw()) // what came as JSON is JSON
		id.add(string(text))
		return
	}
	for _, f := range slices.Concat(fields, recipientPaths[e.kind]) {
		if !f.drifts {
			id.addValue(e.item, f.path)
		}
	}
}

func (id *identity) addValue(m pcommon.Map, path string) {
	if v, ok := at(m, path); ok {
		id.add(path, v.AsString())
	}
}

func (id *identity) add(parts ...string) { id.parts = append(id.parts, parts...) }

func (id *identity) sum() uuid.UUID {
	text, _ := json.Marshal(id.parts) // texts can be written
	return uuid.NewSHA1(namespace, text)
}
