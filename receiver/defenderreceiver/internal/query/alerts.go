package query

import (
	"slices"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

// infoPrefix marks what came from AlertInfo; infoPlace and evidencePlace are the halves' places on
// the time basis.
const (
	infoPrefix    = "Info"
	infoPlace     = "InfoPlace"
	evidencePlace = "EvidencePlace"
	// entityAccount is the account inside an evidence's entity.
	entityAccount = "EntityAccount"
)

// alerts joins AlertInfo and AlertEvidence. A pair's place on the time basis is that of its later half, so
// neither half can come too late; what came after the page's end is not looked at, so a page says the
// same whenever it is read. With ArrivedBefore a pair is what its halves were then, and stands at the
// evidence's Timestamp.
//
// Of an alert's AlertInfo rows the newest counts, from the first one on that said the same: a row
// that repeats its predecessor changes nothing and gives the pair no new place. Of evidence rows that
// are equal in all that is read, the first counts.
//
// ingestion_time() is taken before join and summarize, which lose it.
func (t Table) alerts(p Page) kusto.Fragment {
	return kusto.Format(`let info = ?
| where ?
| sort by AlertId asc, ? asc, ? asc
| where AlertId != prev(AlertId) or ?
| where AlertId != next(AlertId);
let evidence = ?
| where ?;
let users = evidence
| ?
| summarize ? = make_set(?) by AlertId;
evidence
| summarize ? = min(?) by ?
| join kind=inner (info) on AlertId
| extend ? = max_of(?, ?)
| where ?
| join kind=leftouter (users) on AlertId
| extend ?`,
		t.info(),
		t.came(infoPlace, p),
		kusto.Name(infoPlace), t.infoOrder(),
		t.infoChanged(),
		t.evidence(),
		t.came(evidencePlace, p),
		t.withAccount(),
		kusto.Name(tables.AlertUsersColumn), t.user(),
		kusto.Name(evidencePlace), kusto.Name(evidencePlace), kusto.Names(t.evidenceColumns()...),
		kusto.Name(t.pairPlace()), kusto.Name(infoPlace), kusto.Name(evidencePlace),
		within(t.TimeColumn(), p),
		t.merged(),
	)
}

// info reads AlertInfo with its columns renamed, so that the join has no names that clash.
func (t Table) info() kusto.Fragment {
	renamed := []kusto.Fragment{kusto.Text("AlertId")}
	for _, c := range t.infoColumns() {
		renamed = append(renamed, kusto.Format("? = ?", kusto.Name(infoPrefix+c), kusto.Name(c)))
	}
	return kusto.Format("?\n| project ?, ? = ?",
		kusto.Name(t.Info.Name), kusto.Join(", ", renamed...), kusto.Name(infoPlace), t.place())
}

func (t Table) evidence() kusto.Fragment {
	return kusto.Format("?\n| extend ? = ?", kusto.Name(t.Schema.Name), kusto.Name(evidencePlace), t.place())
}

// place is when a single row came, or happened where the service does not say when rows arrived.
func (t Table) place() kusto.Fragment {
	if t.knowsArrival() {
		return kusto.Text("ingestion_time()")
	}
	return kusto.Name(tables.TimestampColumn)
}

// pairPlace is the column of the later half's place.
func (t Table) pairPlace() string {
	if t.knowsArrival() {
		return IngestionTime
	}
	return LaterTimestamp
}

// came is true of a half that had come by the end of the page or AsOf, or of what this reader reads.
func (t Table) came(place string, p Page) kusto.Fragment {
	if !t.ArrivedBefore.IsZero() {
		return t.before(place, p)
	}
	asOf := p.To
	if !t.AsOf.IsZero() {
		asOf = t.AsOf
	}
	return kusto.Format("? < ?", kusto.Name(place), kusto.DateTime(asOf))
}

// infoColumns are AlertInfo's, without the key of the join.
func (t Table) infoColumns() []string {
	return slices.DeleteFunc(names(t.Info.Columns), func(name string) bool { return name == "AlertId" })
}

// infoOrder makes the order of rows at one place the same each time.
func (t Table) infoOrder() kusto.Fragment {
	var columns []kusto.Fragment
	for _, c := range t.infoColumns() {
		columns = append(columns, kusto.Name(infoPrefix+c))
	}
	return kusto.Join(" asc, ", columns...)
}

// infoChanged tells an AlertInfo row that says something new from one that repeats its predecessor.
func (t Table) infoChanged() kusto.Fragment {
	var changes []kusto.Fragment
	for _, c := range t.infoColumns() {
		if c != tables.TimestampColumn {
			name := kusto.Name(infoPrefix + c)
			changes = append(changes, kusto.Format("? != prev(?)", name, name))
		}
	}
	return kusto.Join(" or ", changes...)
}

// evidenceColumns are those of the projection that AlertEvidence has.
func (t Table) evidenceColumns() []string {
	return names(slices.DeleteFunc(t.Projection(), func(c tables.Column) bool {
		_, ok := t.Schema.Column(c.Name)
		return !ok
	}))
}

// entityKeys are what an entity's account calls its parts, in the order of accountColumns. An account that is a
// reference to another place of the document has none of them.
var entityKeys = []string{"Name", "NTDomain", "Sid", "UserPrincipalName", "AadUserId"}

func (t Table) accountColumns() []string {
	a := t.Accounts[0]
	return []string{a.Name, a.Domain, a.SID, a.UPN, a.ObjectID}
}

func entityFields() []kusto.Fragment {
	var fields []kusto.Fragment
	for _, key := range entityKeys {
		fields = append(fields, kusto.Format("tostring(?.?)", kusto.Name(entityAccount), kusto.Name(key)))
	}
	return fields
}

// hasEntities reports whether the service has the column with the entities.
func (t Table) hasEntities() bool {
	_, ok := t.Schema.Column(additionalFields)
	return ok
}

// withAccount leaves the evidence rows that have an account, in their columns or inside their entity.
func (t Table) withAccount() kusto.Fragment {
	if !t.hasEntities() {
		return kusto.Text(`where EntityType == "User"`)
	}
	account := kusto.Name(entityAccount)
	return kusto.Format(`extend ? = parse_json(AdditionalFields)
| extend ? = iff(EntityType == "User", ?, ?.Account)
| where EntityType == "User" or isnotempty(strcat(?))`,
		account, account, account, account, kusto.Join(", ", entityFields()...))
}

// user is the account of a User evidence row, or of one whose entity has an account, under the names of the columns.
// The columns of such a row may be empty.
func (t Table) user() kusto.Fragment {
	var pairs []kusto.Fragment
	for i, column := range t.accountColumns() {
		if column == "" {
			continue
		}
		name := kusto.Name(column)
		value := name
		if t.hasEntities() {
			value = kusto.Format("iff(isempty(?), ?, ?)", name, entityFields()[i], name)
		}
		pairs = append(pairs, kusto.Format("?, ?", kusto.String(column), value))
	}
	return kusto.Format("bag_pack(?)", kusto.Join(", ", pairs...))
}

// merged gives AlertInfo's word where both sides have a column; an empty word does not win.
func (t Table) merged() kusto.Fragment {
	assignments := []kusto.Fragment{
		kusto.Format("? = ?", kusto.Name(InfoTimestamp), kusto.Name(infoPrefix+tables.TimestampColumn)),
	}
	for _, c := range t.infoColumns() {
		if c == tables.TimestampColumn {
			continue
		}
		value := kusto.Name(infoPrefix + c)
		if _, both := t.Schema.Column(c); both {
			value = kusto.Format("iff(isempty(?), ?, ?)", value, kusto.Name(c), value)
		}
		assignments = append(assignments, kusto.Format("? = ?", kusto.Name(c), value))
	}
	return kusto.Join(", ", assignments...)
}
