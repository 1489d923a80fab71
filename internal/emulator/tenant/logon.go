package tenant

import (
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

func tellLogon(r *row, s *scene, a *activity) {
	a.account = r.accountNamed(s.who)
	a.initiating.account = r.accountNamed(s.fields[0])
	a.action = s.fields[1]
	a.logon = logon{typ: s.fields[2]}
	a.remote.protocol = s.fields[3]
	if a.action == "LogonFailed" {
		a.logon.failure = "InvalidUserNameOrPassword"
	}
	// Who has come in the morning only unlocks the screen later.
	if r.person != nil && r.device.kind == kindClient && a.action == "LogonSuccess" && r.person.shift.into(hourOfWeek(r.event)) > 1 {
		a.logon.typ = "Unlock"
	}
	if a.logon.failure != "" && r.device.kind == kindFileServer && r.person != nil {
		// Here the domain has its DNS name.
		tried := *a.account
		tried.domain = r.table.tenant.domain + ".local"
		a.account = &tried
	}
	from := logonSource(r, s.fields[4])
	if from == nil {
		return
	}
	if s.who == byComputer {
		a.account = from.accounts[byComputer]
	}
	a.remote.device, a.remote.ip = from.host, from.ip
	a.remote.port = int32(49_152 + below(r.draw(drawPort), 16_000))
}

// logonSource is the device from which somebody logs on, nil at the device itself.
func logonSource(r *row, from string) *device {
	switch {
	case from == "":
		return nil
	case r.person != nil:
		return r.person.devices[0]
	}
	return pick(r.draw(drawRemote), r.table.tenant.fleet.byKind[kindClient])
}

var logonColumns = valueFuncs{
	"AccountDomain": ofAccount(accountColumn, domainOf),
	"AccountName":   ofAccount(accountColumn, nameOf),
	"AccountSid": text(func(r *row) string {
		// Whose password was wrong has not been found out yet.
		if a := r.activity(); a.account != nil && a.logon.failure == "" {
			return a.account.sid
		}
		return ""
	}),
	"LogonType":     text(func(r *row) string { return r.activity().logon.typ }),
	"FailureReason": text(func(r *row) string { return r.activity().logon.failure }),
	"Protocol":      text(func(r *row) string { return r.activity().remote.protocol }),
	"IsLocalAdmin": func(r *row) value.Value {
		a := r.activity()
		if a.action != "LogonSuccess" {
			return value.Null(value.Bool)
		}
		return value.NewBool(a.account.sid == "S-1-5-18" || a.account.human && r.device.key%7 == 0)
	},
	"LogonId":          long(func(r *row) int64 { return r.sessionID(accountColumn(r)) }),
	"RemoteDeviceName": text(func(r *row) string { return r.activity().remote.device }),
	"RemoteIP":         text(func(r *row) string { return r.activity().remote.ip }),
	"RemoteIPType":     text(func(r *row) string { return ipType(r.activity().remote.ip) }),
	"RemotePort":       port(func(r *row) int32 { return r.activity().remote.port }),
}

// Scenes of DeviceLogonEvents: weight|kinds|who|program|account of the program|action|type|protocol|from another device.
var logonScenes = newScenes(5, `
3|c|user|winlogon.exe|system|LogonSuccess|Interactive|Negotiate|
5|c|user|lsass.exe|system|LogonSuccess|Unlock|Negotiate|
2|c|user|lsass.exe|system|LogonSuccess|CachedInteractive|Negotiate|
1|c|user|lsass.exe|system|LogonFailed|Interactive|Negotiate|
1|c|user|svchost.exe|user|LogonAttempted|Interactive||
4|jsqi|user|svchost.exe|network|LogonSuccess|RemoteInteractive|RDP|remote
2|j|user|explorer.exe|user|LogonSuccess|RemoteInteractive|RDP|remote
1|jsd|user|lsass.exe|system|LogonFailed|RemoteInteractive|NTLM|remote
6|fd|user|lsass.exe|system|LogonSuccess|Network|Kerberos|remote
2|fd|user|none|none|LogonSuccess|Network|NTLM|remote
1|fd|user|lsass.exe|system|LogonFailed|Network|NTLM|remote
3|m|user|loginwindow|system|LogonSuccess|Interactive||
3|l|user|sshd|system|LogonSuccess|Network|SSH|remote
1|l|user|sshd|system|LogonFailed|Network|SSH|remote
8|w|system|services.exe|system|LogonSuccess|Service|Negotiate|
3|w|network|services.exe|system|LogonSuccess|Service|Negotiate|
3|w|local|services.exe|system|LogonSuccess|Service|Negotiate|
2|w|dwm|winlogon.exe|system|LogonSuccess|Interactive|Negotiate|
2|w|umfd|wininit.exe|system|LogonSuccess|Interactive|Negotiate|
6|dfs|computer|lsass.exe|system|LogonSuccess|Network|Kerberos|remote
1|df|computer|lsass.exe|system|LogonFailed|Network|NTLM|remote
1|fd|anonymous|none|none|LogonSuccess|Network|NTLM|remote
1|fd|unknown|none|none|LogonFailed|Network|NTLM|remote
1|s|backup|services.exe|system|LogonSuccess|Service|Negotiate|
4|q|gmsa|services.exe|system|LogonSuccess|Service|Kerberos|
1|w|system|svchost.exe|system|LogonSuccess|Batch|Negotiate|
3|i|pool|svchost.exe|system|LogonSuccess|Service|Negotiate|
3|m|system|launchd|system|LogonSuccess|Interactive||
1|m|mbsetup|loginwindow|system|LogonAttempted|Interactive||
4|l|system|cron|system|LogonSuccess|Batch||
1|l|www|systemd|system|LogonSuccess|Service||
`)
