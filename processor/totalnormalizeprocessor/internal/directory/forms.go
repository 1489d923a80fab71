package directory

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
)

// The directories, as tables, metrics and stored keys call them.
const (
	Devices = "DeviceInfo"
	People  = "IdentityInfo"
	Users   = "Users"
	Learned = "rows"
	Alerts  = "AlertInfo" // not stored: an alert's halves come within seconds
)

// Entries are stored as JSON, each under its own key, so that a change writes no more than itself. A form that is not
// compatible gets another version.
const (
	devicePrefix = "device/v1/"
	shownPrefix  = "shown/v1/"
)

var identityPrefixes = map[string]string{People: "identity/v1/", Users: "user/v1/", Learned: "learned/v1/"}

// Change is an entry to be stored as JSON; one without Value is to be forgotten.
type Change struct {
	Key   string
	Value any
}

func forget(prefix, key string) Change { return Change{Key: prefix + key} }

type accountForm struct {
	Domain   string `json:"domain,omitempty"`
	Name     string `json:"name,omitempty"`
	SID      string `json:"sid,omitempty"`
	UPN      string `json:"upn,omitempty"`
	ObjectID string `json:"object_id,omitempty"`
}

type logonsForm struct {
	Since time.Time     `json:"since"`
	Users []accountForm `json:"users"`
}

type deviceForm struct {
	Seen     time.Time    `json:"seen,omitzero"`
	ID       string       `json:"id"`
	Name     string       `json:"name,omitempty"`
	Platform string       `json:"platform,omitempty"`
	Logons   []logonsForm `json:"logons,omitempty"`
}

type shownForm struct {
	Seen     time.Time     `json:"seen,omitzero"`
	Accounts []accountForm `json:"accounts"`
}

type identityForm struct {
	Seen        time.Time `json:"seen,omitzero"`
	Updated     time.Time `json:"updated"`
	UPN         string    `json:"upn,omitempty"`
	ObjectID    string    `json:"object_id,omitempty"`
	Domain      string    `json:"domain,omitempty"`
	Name        string    `json:"name,omitempty"`
	SIDs        []string  `json:"sids,omitempty"`
	Forms       []string  `json:"forms,omitempty"`
	DisplayName string    `json:"display_name,omitempty"`
	EntraNames  []string  `json:"entra_names,omitempty"`
	Service     bool      `json:"service,omitempty"`
	Removed     bool      `json:"removed,omitempty"`
}

func accountForms(list []accounts.Account) []accountForm {
	forms := make([]accountForm, len(list))
	for i, a := range list {
		forms[i] = accountForm(a)
	}
	return forms
}

func accountsOf(forms []accountForm) []accounts.Account {
	list := make([]accounts.Account, len(forms))
	for i, f := range forms {
		list[i] = accounts.Account(f)
	}
	return list
}

func storeDevice(d *device) Change {
	d.stored = d.seen
	form := deviceForm{Seen: d.seen, ID: d.id, Name: d.name, Platform: d.platform}
	for _, l := range d.logons {
		form.Logons = append(form.Logons, logonsForm{Since: l.since, Users: accountForms(l.users)})
	}
	return Change{Key: devicePrefix + d.id, Value: form}
}

func (f *deviceForm) device() *device {
	d := &device{sighting: sighting{seen: f.Seen}, id: f.ID, name: f.Name, platform: f.Platform}
	for _, l := range f.Logons {
		d.logons = append(d.logons, Logons{since: l.Since, users: accountsOf(l.Users)})
	}
	return d
}

func storeShown(s *shownAccounts) Change {
	s.stored = s.seen
	return Change{Key: shownPrefix + s.under, Value: shownForm{Seen: s.seen, Accounts: accountForms(s.accounts)}}
}

func storeIdentity(directory string, id *Identity) Change {
	id.stored = id.seen
	return Change{Key: identityPrefixes[directory] + id.under, Value: identityForm{
		Seen: id.seen, Updated: id.Updated, UPN: id.UPN, ObjectID: id.ObjectID, Domain: id.Domain, Name: id.Name, SIDs: id.SIDs,
		Forms: id.Forms, DisplayName: id.DisplayName, EntraNames: id.EntraNames, Service: id.Service, Removed: id.Removed,
	}}
}

func (f *identityForm) identity() *Identity {
	return &Identity{
		sighting: sighting{seen: f.Seen}, Updated: f.Updated, UPN: f.UPN, ObjectID: f.ObjectID, Domain: f.Domain, Name: f.Name, SIDs: f.SIDs,
		Forms: f.Forms, DisplayName: f.DisplayName, EntraNames: f.EntraNames, Service: f.Service, Removed: f.Removed,
	}
}
