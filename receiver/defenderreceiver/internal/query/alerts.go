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

// pairs are the alerts of a page: AlertInfo and AlertEvidence.
type pairs struct {
	Table
	page Page
}

// rows joins AlertInfo and AlertEvidence. A pair's place on the time basis is that of its later half, so
// neither half can come too late; what came after the page's end is not looked at, so a page says the
// same whenever it is read. With ArrivedBefore a pair is what its halves were then, and stands at the
// evidence's Timestamp.
//
// Of an alert's AlertInfo rows the newest counts, from the first one on that said the same: a row
// that repeats its predecessor changes nothing and gives the pair no new place. Of evidence rows that
// are equal in all that is read, the first counts.
//
// ingestion_time() is taken before join and summarize, which lose it.
func (q pairs) rows() kusto.Fragment {
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
		q.info(),
		q.came(infoPlace),
		kusto.Name(infoPlace), q.infoOrder(),
		q.infoChanged(),
		q.evidence(),
		q.came(evidencePlace),
		q.withAccount(),
		kusto.Name(tables.AlertUsersColumn), q.user(),
		kusto.Name(evidencePlace), kusto.Name(evidencePlace), kusto.Names(q.evidenceColumns()...),
		kusto.Name(q.pairPlace()), kusto.Name(infoPlace), kusto.Name(evidencePlace),
		within(q.TimeColumn(), q.page),
		q.merged(),
	)
}

// info reads AlertInfo with its columns renamed, so that the join has no names that clash.
func (q pairs) info() kusto.Fragment {
	renamed := []kusto.Fragment{kusto.Text("AlertId")}
	for _, c := range q.infoColumns() {
		renamed = append(renamed, kusto.Format("? = ?", kusto.Name(infoPrefix+c), kusto.Name(c)))
	}
	return kusto.Format("?\n| project ?, ? = ?",
		kusto.Name(q.Info.Name), kusto.Join(", ", renamed...), kusto.Name(infoPlace), q.place())
}

func (q pairs) evidence() kusto.Fragment {
	return kusto.Format("?\n| extend ? = ?", kusto.Name(q.Schema.Name), kusto.Name(evidencePlace), q.place())
}

// place is when a single row came, or happened where the service does not say when rows arrived.
func (q pairs) place() kusto.Fragment {
	if q.knowsArrival() {
		return kusto.Text("ingestion_time()")
	}
	return kusto.Name(tables.TimestampColumn)
}

// pairPlace is the column of the later half's place.
func (q pairs) pairPlace() string {
	if q.knowsArrival() {
		return IngestionTime
	}
	return LaterTimestamp
}

// came is true of a half that had come by the end of the page or AsOf, or of what this reader reads.
func (q pairs) came(place string) kusto.Fragment {
	if !q.ArrivedBefore.IsZero() {
		return q.before(place, q.page)
	}
	asOf := q.page.To
	if !q.AsOf.IsZero() {
		asOf = q.AsOf
	}
	return kusto.Format("? < ?", kusto.Name(place), kusto.DateTime(asOf))
}

// infoColumns are AlertInfo's, without the key of the join.
func (q pairs) infoColumns() []string {
	return slices.DeleteFunc(names(q.Info.Columns), func(name string) bool { return name == "AlertId" })
}

// infoOrder makes the order of rows at one place the same each time.
func (q pairs) infoOrder() kusto.Fragment {
	var columns []kusto.Fragment
	for _, c := range q.infoColumns() {
		columns = append(columns, kusto.Name(infoPrefix+c))
	}
	return kusto.Join(" asc, ", columns...)
}

// infoChanged tells an AlertInfo row that says something new from one that repeats its predecessor.
func (q pairs) infoChanged() kusto.Fragment {
	var changes []kusto.Fragment
	for _, c := range q.infoColumns() {
		if c != tables.TimestampColumn {
			name := kusto.Name(infoPrefix + c)
			changes = append(changes, kusto.Format("? != prev(?)", name, name))
		}
	}
	return kusto.Join(" or ", changes...)
}

// evidenceColumns are those of the projection that AlertEvidence has.
func (q pairs) evidenceColumns() []string {
	return names(slices.DeleteFunc(q.Projection(), func(c tables.Column) bool {
		_, ok := q.Schema.Column(c.Name)
		return !ok
	}))
}

// entityKeys are what an entity's account calls its parts, in the order of accountColumns. An account that is a
// reference to another place of the document has none of them.
var entityKeys = []string{"Name", "NTDomain", "Sid", "UserPrincipalName", "AadUserId"}

func (q pairs) accountColumns() []string {
	a := q.Accounts[0]
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
func (q pairs) hasEntities() bool {
	_, ok := q.Schema.Column(additionalFields)
	return ok
}

// withAccount leaves the evidence rows that have an account, in their columns or inside their entity.
func (q pairs) withAccount() kusto.Fragment {
	if !q.hasEntities() {
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
func (q pairs) user() kusto.Fragment {
	var pairs []kusto.Fragment
	for i, column := range q.accountColumns() {
		if column == "" {
			continue
		}
		name := kusto.Name(column)
		value := name
		if q.hasEntities() {
			value = kusto.Format("iff(isempty(?), ?, ?)", name, entityFields()[i], name)
		}
		pairs = append(pairs, kusto.Format("?, ?", kusto.String(column), value))
	}
	return kusto.Format("bag_pack(?)", kusto.Join(", ", pairs...))
}

// merged gives AlertInfo's word where both sides have a column; an empty word does not win.
func (q pairs) merged() kusto.Fragment {
	assignments := []kusto.Fragment{
		kusto.Format("? = ?", kusto.Name(InfoTimestamp), kusto.Name(infoPrefix+tables.TimestampColumn)),
	}
	for _, c := range q.infoColumns() {
		if c == tables.TimestampColumn {
			continue
		}
		value := kusto.Name(infoPrefix + c)
		if _, both := q.Schema.Column(c); both {
			value = kusto.Format("iff(isempty(?), ?, ?)", value, kusto.Name(c), value)
		}
		assignments = append(assignments, kusto.Format("? = ?", kusto.Name(c), value))
	}
	return kusto.Join(", ", assignments...)
}
