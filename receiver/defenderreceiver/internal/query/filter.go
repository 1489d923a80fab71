package query

import (
	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/kusto"
)

// filter leaves rows of a table on the server.
type filter struct {
	table *tables.Table
	// system tells the accounts whose rows are left; nil: none are.
	system *accounts.Server
	// user is the user's own predicate, empty if there is none.
	user kusto.Fragment
}

func (t Table) filter() filter { return filter{t.Table, t.System, t.UserFilter} }

// clauses are the filter: the rows of people, and the user's own predicate.
func (f filter) clauses() kusto.Fragment {
	var clauses []kusto.Fragment
	if human := f.human(); !human.IsZero() {
		clauses = append(clauses, kusto.Format("where ?", human))
	}
	if !f.user.IsZero() {
		clauses = append(clauses, kusto.Format("where ?", f.user))
	}
	return kusto.Join("\n| ", clauses...)
}

// human leaves out only rows that name an account and of whose accounts every one is a system's.
func (f filter) human() kusto.Fragment {
	if f.system == nil || len(f.table.Accounts) == 0 {
		return kusto.Fragment{}
	}
	var absent, system []kusto.Fragment
	for _, a := range f.table.Accounts {
		if a.Name == "" && a.SID == "" {
			// The service lacks what the rules ask for.
			continue
		}
		absent = append(absent, isAbsent(a))
		system = append(system, kusto.Format("(? or ?)", isAbsent(a), isSystem(f.system, a)))
	}
	if absent == nil {
		return kusto.Fragment{}
	}
	human := kusto.Format("(?) or not(?)", kusto.Join(" and ", absent...), kusto.Join(" and ", system...))
	if _, ok := f.table.Schema.Column(additionalFields); !ok {
		return human
	}
	// A row that says who was logged on may be that person's, whatever process wrote it.
	return kusto.Format("? or ? has ?", human, kusto.Name(additionalFields), kusto.String("LoggedOnUsers"))
}

const additionalFields = "AdditionalFields"

func isAbsent(a tables.Account) kusto.Fragment {
	var values []kusto.Fragment
	for _, column := range []string{a.Name, a.SID, a.UPN, a.ObjectID} {
		if column != "" {
			values = append(values, kusto.Name(column))
		}
	}
	return kusto.Format("isempty(strcat(?))", kusto.Join(", ", values...))
}

// isSystem writes what accounts.Server says of a row's account.
func isSystem(system *accounts.Server, a tables.Account) kusto.Fragment {
	switch {
	case a.SID == "":
		return kusto.Format("? in~ (?)", kusto.Name(a.Name), kusto.Strings(system.Names...))
	case a.Name == "":
		return kusto.Format("? in~ (?)", kusto.Name(a.SID), kusto.Strings(system.SIDs...))
	}
	sid, name := kusto.Name(a.SID), kusto.Name(a.Name)
	alternatives := []kusto.Fragment{
		kusto.Format("? in~ (?)", sid, kusto.Strings(system.SIDs...)),
		kusto.Format("(isempty(?) and ? in~ (?))", sid, name, kusto.Strings(system.Names...)),
	}
	for _, prefix := range system.SIDPrefixes {
		alternatives = append(alternatives, kusto.Format("? startswith ?", sid, kusto.String(prefix)))
	}
	return kusto.Format("(? !in~ (?) and (?))",
		name, kusto.Strings(system.KeepNames...), kusto.Join(" or ", alternatives...))
}
