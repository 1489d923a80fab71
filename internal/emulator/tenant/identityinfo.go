package tenant

import (
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// companyFounded is before any account was created.
var companyFounded = time.Date(2018, 3, 1, 9, 0, 0, 0, time.UTC)

const identityLag = 20 * minute // at most

// identityInfoStreams give a row of each person and service account every day.
func identityInfoStreams(t *table) []*stream {
	fill := func(r *row, start int64, emit func() bool) bool {
		bucket := derive(t.key, uint64(start/day))
		for i := range len(t.tenant.people) + len(t.tenant.service) {
			r.key, r.person, r.evidence = derive(bucket, uint64(i)), nil, i-len(t.tenant.people)
			if r.evidence < 0 {
				r.person = t.tenant.people[i]
			}
			r.event = start + int64(derive(t.key, uint64(i))%uint64(day))/second*second
			r.ingestion = r.event + between(r.draw(drawLag), second, identityLag)
			r.visible = r.ingestion + visibleLag(r.key, &t.tenant.cfg)
			if !emit() {
				return false
			}
		}
		return true
	}
	return []*stream{{
		width: day, fill: fill,
		event: engine.Range{From: 0, To: day}, ingestion: engine.Range{From: 0, To: day + identityLag},
	}}
}

// ofIdentity gives a column from the person or the service account that the row is about.
func ofIdentity(person func(*Person) string, service func(*serviceAccount) string) valueFunc {
	return text(func(r *row) string {
		if r.person != nil {
			return person(r.person)
		}
		if service == nil {
			return ""
		}
		return service(&r.table.tenant.service[r.evidence])
	})
}

func ofPerson(f func(*Person) string) valueFunc { return ofIdentity(f, nil) }

var identityInfoColumns = valueFuncs{
	"Timestamp":          recordColumns["Timestamp"],
	"ReportId":           text(func(r *row) string { return guid(r.key) }),
	"AccountObjectId":    ofIdentity(func(p *Person) string { return p.ObjectID }, func(s *serviceAccount) string { return s.objectID }),
	"AccountUpn":         ofIdentity(func(p *Person) string { return p.UPN }, func(s *serviceAccount) string { return s.upn }),
	"OnPremSid":          ofIdentity(func(p *Person) string { return p.OnPremSID }, func(s *serviceAccount) string { return s.sid }),
	"CloudSid":           ofIdentity(func(p *Person) string { return p.CloudSID }, func(s *serviceAccount) string { return s.cloudSID }),
	"AccountDisplayName": ofIdentity(func(p *Person) string { return p.DisplayName }, func(s *serviceAccount) string { return s.description }),
	"AccountName":        ofIdentity(directoryName, func(s *serviceAccount) string { return s.name }),
	"AccountDomain":      text(func(r *row) string { return r.table.tenant.cfg.Domain }),
	"Type":               ofIdentity(func(*Person) string { return "User" }, func(*serviceAccount) string { return "ServiceAccount" }),
	"DistinguishedName": text(func(r *row) string {
		if r.person == nil || r.person.OnPremSID == "" {
			return ""
		}
		return "CN=" + r.person.DisplayName + ",OU=" + r.person.Department + ",DC=" + r.table.tenant.domain + ",DC=local"
	}),
	"GivenName":        ofPerson(func(p *Person) string { return p.GivenName }),
	"Surname":          ofPerson(func(p *Person) string { return p.Surname }),
	"Department":       ofPerson(func(p *Person) string { return p.Department }),
	"JobTitle":         ofPerson(func(p *Person) string { return p.JobTitle }),
	"EmailAddress":     ofPerson(func(p *Person) string { return p.UPN }),
	"SipProxyAddress":  ofPerson(func(p *Person) string { return p.UPN }),
	"City":             ofPerson(func(p *Person) string { return p.City }),
	"Country":          ofPerson(func(p *Person) string { return p.Country }),
	"IsAccountEnabled": boolean(func(*row) bool { return true }),
	"Manager":          text(managerOf),
	"Phone":            ofPerson(func(p *Person) string { return "+1 555 " + itoa(1000+p.number%9000) }),
	"CreatedDateTime": moment(func(r *row) int64 {
		return value.Ticks(companyFounded) + int64(deriveText(r.table.key, "created"+itoa(r.evidence))%uint64(2000*day))
	}),
	"SourceProvider": ofIdentity(sourceOf, func(*serviceAccount) string { return "ActiveDirectory" }),
	"ChangeSource":   fixed("System-UserPersistence"),
	"Tags":           dynamicList(nil),
	"AssignedRoles":  dynamicList(rolesOf),
	"TenantId":       text(func(r *row) string { return r.table.tenant.cfg.TenantID }),
	"SourceSystem":   ofIdentity(sourceOf, func(*serviceAccount) string { return "ActiveDirectory" }),
}

func directoryName(p *Person) string {
	name, _, _ := strings.Cut(p.UPN, "@")
	return name
}

func sourceOf(p *Person) string {
	if p.OnPremSID == "" {
		return "AzureActiveDirectory"
	}
	return "Hybrid"
}

// managerOf is whoever stands before a person in the list, every tenth.
func managerOf(r *row) string {
	if r.person == nil || r.person.number%10 == 0 {
		return ""
	}
	return r.table.tenant.people[r.person.number/10*10].DisplayName
}

func rolesOf(p *Person) []any {
	if p.Department == itDepartment {
		return []any{"Helpdesk Administrator"}
	}
	return []any{}
}

func dynamicList(f func(*Person) []any) valueFunc {
	return func(r *row) value.Value {
		if r.person == nil || f == nil {
			return value.NewDynamic([]any{})
		}
		return value.NewDynamic(f(r.person))
	}
}
