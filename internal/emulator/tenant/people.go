package tenant

import (
	"fmt"
	"strings"
)

// Person is somebody who works in the company.
type Person struct {
	GivenName, Surname, DisplayName string
	// Domain and Name are those of the account on a Windows device: acme\jane.doe, or of people
	// whom only Entra ID knows azuread\janedoe. In lower case, as the sensors report them.
	Domain, Name string
	UPN          string
	ObjectID     string
	OnPremSID    string // empty: only Entra ID knows the account
	CloudSID     string
	Department   string
	JobTitle     string
	City         string
	Country      string

	key uint64
	employment
}

// employment is what nobody but the company knows of a person.
type employment struct {
	number  int
	office  *office
	shift   shift
	remote  bool // works at home
	account *account
	devices []*device
}

// SID is the one that the person's Windows devices report.
func (p *Person) SID() string {
	if p.OnPremSID != "" {
		return p.OnPremSID
	}
	return p.CloudSID
}

// Every sixth person has no account in the Windows domain.
const entraOnlyEvery = 6

func newPeople(cfg Config) []*Person {
	key := deriveText(cfg.Seed, "people")
	taken := map[string]int{}
	people := make([]*Person, cfg.People)
	for i := range people {
		people[i] = newPerson(derive(key, uint64(i)), i, cfg, taken)
	}
	return people
}

func newPerson(key uint64, number int, cfg Config, taken map[string]int) *Person {
	name := derive(key, drawName)
	job := jobs[number%len(jobs)]
	p := &Person{
		key: key, GivenName: pick(name, givenNames), Surname: pick(derive(name, 0), surnames),
		Department: job.department, JobTitle: job.title,
		employment: employment{number: number, office: pickOffice(derive(key, drawOffice)), remote: below(derive(key, drawPlace), 5) == 0},
	}
	p.DisplayName = p.GivenName + " " + p.Surname
	p.City, p.Country = p.office.city, p.office.country
	p.shift = newShift(derive(key, drawShift), job.rota, p.office)

	local := foldName(p.GivenName) + "." + foldName(p.Surname)
	if taken[local]++; taken[local] > 1 {
		local = fmt.Sprintf("%s%d", local, taken[local])
	}
	p.UPN = local + "@" + cfg.Domain
	p.ObjectID, p.CloudSID = entraIdentity(derive(key, drawCloud))
	p.Domain, p.Name = cfg.windowsDomain(), local
	if len(p.Name) > 20 {
		// The longest name that Windows allows; the number keeps it the only one.
		p.Name = fmt.Sprintf("%.15s%d", local, number)
	}
	if number%entraOnlyEvery == entraOnlyEvery-1 {
		p.Domain, p.Name = "azuread", strings.ReplaceAll(local, ".", "")
	} else {
		p.OnPremSID = fmt.Sprintf("%s-%d", domainSID(cfg.Seed), 1100+number)
	}
	p.account = &account{
		domain: p.Domain, name: p.Name, sid: p.SID(), upn: p.UPN, objectID: p.ObjectID,
		integrity: "Medium", elevation: "TokenElevationTypeLimited", human: true,
	}
	return p
}

var nameFolder = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "é", "e", "è", "e", "ë", "e", "ç", "c",
	"ñ", "n", "ó", "o", "ø", "o", "å", "a", "á", "a", "í", "i", "ł", "l", "'", "", " ", "")

// foldName writes a name in the letters that account names use.
func foldName(name string) string { return nameFolder.Replace(strings.ToLower(name)) }

// serviceAccount is an account in the directory that is no person's.
type serviceAccount struct {
	name, upn, objectID, sid, cloudSID, description string
}

func newServiceAccounts(cfg Config) []serviceAccount {
	key := deriveText(cfg.Seed, "service accounts")
	var all []serviceAccount
	for i, s := range serviceAccounts {
		a := serviceAccount{name: s.name, description: s.description, upn: s.name + "@" + cfg.Domain}
		a.objectID, a.cloudSID = entraIdentity(derive(key, uint64(i)))
		a.sid = fmt.Sprintf("%s-%d", domainSID(cfg.Seed), 1020+i)
		all = append(all, a)
	}
	return all
}
