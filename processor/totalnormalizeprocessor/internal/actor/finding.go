package actor

import (
	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/directory"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// Finding is whose act a row is, or that it is nobody's.
type Finding struct {
	Account accounts.Account
	// Person is what the directories say of the account.
	Person directory.Person
	Device row.Device
	Way    Way
	// Momentary: it depends on the row's time, too.
	Momentary bool
	// Dropped is why the row is nobody's; empty: it is somebody's.
	Dropped string
}

// Full is the account with all that the directories say of it.
func (f Finding) Full() accounts.Account {
	if f.Person.Identity == nil {
		return f.Account
	}
	return f.Account.Merge(f.Person.Account())
}

func drop(reason string) Finding { return Finding{Dropped: reason} }

// candidate is an account that may have acted.
type candidate struct {
	account    accounts.Account
	facts      accounts.Facts
	way        Way
	initiating bool
}
