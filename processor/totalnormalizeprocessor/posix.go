package totalnormalizeprocessor

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// posixKeys are where AdditionalFields name the users of a Linux or macOS process. The effective user
// of a process that sudo started is root; the real one is the person.
var posixKeys = []string{
	"ProcessPosixEffectiveUser", "ProcessPosixRealUser",
	"InitiatingProcessPosixEffectiveUser", "InitiatingProcessPosixRealUser",
}

var posixAccount = tables.Account{Domain: "DomainName", Name: "Name", SID: "Sid"}

// posixAccounts are the POSIX users in AdditionalFields, in acting order.
func (r row) posixAccounts() []accounts.Account {
	// Most AdditionalFields have none: do not parse those.
	if v, ok := r.columns.Get("AdditionalFields"); !ok || v.Type() == pcommon.ValueTypeStr && !strings.Contains(v.Str(), "Posix") {
		return nil
	}
	fields, ok := r.object("AdditionalFields")
	if !ok {
		return nil
	}
	var list []accounts.Account
	for _, key := range posixKeys {
		user, ok := fields.Get(key)
		if !ok || user.Type() != pcommon.ValueTypeMap {
			continue
		}
		if a := accountIn(user.Map(), posixAccount); !a.IsEmpty() {
			list = append(list, a)
		}
	}
	return list
}
