package tenant

import (
	"fmt"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// instance tells one run of a program on a device: rows near each other in time name the same.
type instance struct{ id, created int64 }

// instanceOf finds the run of a program that began last before this time.
func (r *row) instanceOf(p *program, ticks int64) instance {
	key := derive(r.device.key, p.key)
	length := hour
	if p.longLived {
		length = 5 * day
	}
	phase := int64(key % uint64(length))
	run := (ticks - phase) / length
	return instance{id: processID(derive(key, uint64(run))), created: run*length + phase}
}

// Windows numbers its processes in fours.
func processID(h uint64) int64 { return 4 * int64(100+h%16_000) }

// uniqueID is the number under which the sensor knows a run, a string.
func (i instance) uniqueID(d *device) string {
	return itoa(int64(derive(d.key, uint64(i.created)^uint64(i.id)) >> 11))
}

// createdProcess is the run that a row reports as new.
func (r *row) createdProcess() instance {
	return instance{id: processID(r.draw(drawProcess)), created: r.event - int64(below(r.draw(drawProcess), 30_000))}
}

func (r *row) commandLine(p process) string {
	switch {
	case p.program == nil:
		return ""
	case p.command != "":
		return r.expand(p.command)
	}
	return r.expand(p.program.command)
}

// path is where the program lies, its file name included.
func (r *row) path(p *program) string { return r.expand(p.path) }

// ofInitiating gives a column of the initiating process' program, empty where the row names none.
func ofInitiating(f func(*row, *program) string) valueFunc {
	return text(func(r *row) string {
		if p := r.activity().initiating.program; p != nil {
			return f(r, p)
		}
		return ""
	})
}

// longOfInitiating likewise gives a number, null where the row names no process.
func longOfInitiating(f func(*row, *program) int64) valueFunc {
	return func(r *row) value.Value {
		if p := r.activity().initiating.program; p != nil {
			return value.NewLong(f(r, p))
		}
		return value.Null(value.Long)
	}
}

// initiatingRun is the run of the initiating process; zero where the row names none.
func (r *row) initiatingRun() instance {
	p := r.activity().initiating.program
	if p == nil {
		return instance{}
	}
	return r.instanceOf(p, r.event)
}

// parentRun is the run that started it.
func (r *row) parentRun() instance {
	p := r.activity().initiating.program
	if p == nil || p.parent == nil {
		return instance{}
	}
	return r.instanceOf(p.parent, r.initiatingRun().created)
}

func initiator(r *row) *account     { return r.activity().initiating.account }
func accountColumn(r *row) *account { return r.activity().account }

// ofAccount gives a column of an account, "" where there is none.
func ofAccount(which func(*row) *account, f func(*account) string) valueFunc {
	return text(func(r *row) string {
		if a := which(r); a != nil {
			return f(a)
		}
		return ""
	})
}

func domainOf(a *account) string    { return a.domain }
func nameOf(a *account) string      { return a.name }
func sidOf(a *account) string       { return a.sid }
func upnOf(a *account) string       { return a.upn }
func objectIDOf(a *account) string  { return a.objectID }
func integrityOf(a *account) string { return a.integrity }

// elevationOf an unknown token is the text None.
func elevationOf(a *account) string {
	if a.elevation == "" {
		return "None"
	}
	return a.elevation
}

// remoteSession is the device from which somebody works on this one, nil where nobody does.
func remoteSession(r *row) *device {
	if r.person == nil || r.device.kind != kindJump {
		return nil
	}
	return r.person.devices[0]
}

var (
	inRemoteSession     = boolean(func(r *row) bool { return remoteSession(r) != nil })
	remoteSessionDevice = text(func(r *row) string {
		if d := remoteSession(r); d != nil {
			return d.host
		}
		return ""
	})
	remoteSessionIP = text(func(r *row) string {
		if d := remoteSession(r); d != nil {
			return d.ip
		}
		return ""
	})
	// terminalSession is 0 of services, 1 at the screen and more by RDP.
	terminalSession = long(func(r *row) int64 {
		switch {
		case r.person == nil:
			return 0
		case r.device.kind == kindJump:
			return int64(2 + r.person.number%20)
		}
		return 1
	})
)

// initiatingColumns are InitiatingProcess* of every event table.
var initiatingColumns = valueFuncs{
	"InitiatingProcessAccountDomain":   ofAccount(initiator, domainOf),
	"InitiatingProcessAccountName":     ofAccount(initiator, nameOf),
	"InitiatingProcessAccountSid":      ofAccount(initiator, sidOf),
	"InitiatingProcessAccountUpn":      ofAccount(initiator, upnOf),
	"InitiatingProcessAccountObjectId": ofAccount(initiator, objectIDOf),
	"InitiatingProcessIntegrityLevel":  ofAccount(initiator, integrityOf),
	"InitiatingProcessTokenElevation":  ofAccount(initiator, elevationOf),
	"InitiatingProcessLogonId":         long(func(r *row) int64 { return r.sessionID(initiator(r)) }),
	"LogonID":                          long(func(r *row) int64 { return r.sessionID(initiator(r)) }),

	"InitiatingProcessFileName":   ofInitiating(func(_ *row, p *program) string { return p.file }),
	"InitiatingProcessFolderPath": ofInitiating(func(r *row, p *program) string { return strings.ToLower(r.path(p)) }),
	"InitiatingProcessSHA1":       ofInitiating(func(_ *row, p *program) string { return p.sha1 }),
	"InitiatingProcessSHA256":     ofInitiating(func(_ *row, p *program) string { return p.sha256 }),
	"InitiatingProcessMD5":        ofInitiating(func(_ *row, p *program) string { return p.md5 }),
	"InitiatingProcessFileSize":   longOfInitiating(func(_ *row, p *program) int64 { return p.size }),
	"InitiatingProcessCommandLine": text(func(r *row) string {
		return r.commandLine(r.activity().initiating)
	}),
	"InitiatingProcessVersionInfoCompanyName":      ofInitiating(func(_ *row, p *program) string { return p.company }),
	"InitiatingProcessVersionInfoProductName":      ofInitiating(func(_ *row, p *program) string { return p.product }),
	"InitiatingProcessVersionInfoProductVersion":   ofInitiating(func(_ *row, p *program) string { return p.version }),
	"InitiatingProcessVersionInfoInternalFileName": ofInitiating(func(_ *row, p *program) string { return p.internalName() }),
	"InitiatingProcessVersionInfoOriginalFileName": ofInitiating(func(_ *row, p *program) string { return p.originalName() }),
	"InitiatingProcessVersionInfoFileDescription":  ofInitiating(func(_ *row, p *program) string { return p.description }),
	"InitiatingProcessSignerType": ofInitiating(func(_ *row, p *program) string {
		if p.company == "Microsoft Corporation" {
			return "OsVendor"
		}
		return "Unknown"
	}),
	"InitiatingProcessSignatureStatus": ofInitiating(func(_ *row, p *program) string {
		if p.company == "" {
			return "Unsigned"
		}
		return "Valid"
	}),

	"InitiatingProcessId":           long(func(r *row) int64 { return r.initiatingRun().id }),
	"InitiatingProcessCreationTime": moment(func(r *row) int64 { return r.initiatingRun().created }),
	"InitiatingProcessUniqueId": ofInitiating(func(r *row, _ *program) string {
		return r.initiatingRun().uniqueID(r.device)
	}),
	"InitiatingProcessParentId":           long(func(r *row) int64 { return r.parentRun().id }),
	"InitiatingProcessParentCreationTime": moment(func(r *row) int64 { return r.parentRun().created }),
	"InitiatingProcessParentFileName": ofInitiating(func(_ *row, p *program) string {
		if p.parent == nil {
			return ""
		}
		return p.parent.file
	}),

	"InitiatingProcessSessionId":               terminalSession,
	"IsInitiatingProcessRemoteSession":         inRemoteSession,
	"InitiatingProcessRemoteSessionDeviceName": remoteSessionDevice,
	"InitiatingProcessRemoteSessionIP":         remoteSessionIP,

	"AdditionalFields": text(func(r *row) string {
		if a := r.activity().additional; a != "" || r.device.kind.windows() {
			return r.expand(a)
		}
		return posixIdentity(r, initiator(r))
	}),
}

// posixIdentity is what the sensors of macOS and Linux tell about the accounts of processes.
func posixIdentity(r *row, initiating *account) string {
	var users []string
	if created := r.activity().created; created.program != nil && created.account != nil {
		users = append(users, `"ProcessPosixEffectiveUser":`+posixUser(r, created.account))
	}
	if initiating != nil {
		users = append(users, `"InitiatingProcessPosixEffectiveUser":`+posixUser(r, initiating))
	}
	if len(users) == 0 {
		return ""
	}
	return "{" + strings.Join(users, ",") + "}"
}

func posixUser(r *row, a *account) string {
	names := ""
	if a.sid != "" {
		names += fmt.Sprintf(`"Sid":%q,`, a.sid)
	}
	if a.name != "" {
		names += fmt.Sprintf(`"Name":%q,`, a.name)
	}
	if a.upn != "" && r.device.kind == kindMac {
		names += fmt.Sprintf(`"AadUserUpn":%q,`, a.upn) // registered in Entra ID
	}
	return fmt.Sprintf(`{%s"DomainName":%q,"LogonId":%d,"PosixUserId":%d,"PrimaryPosixGroup":{"Name":%q,"PosixGroupId":%d}}`,
		names, a.domain, r.sessionID(a), a.posixID, a.name, a.posixID)
}
