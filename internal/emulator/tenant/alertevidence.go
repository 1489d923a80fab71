package tenant

import (
	"fmt"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// alertEvidenceStreams give a row for each thing and person that an alert involves.
func alertEvidenceStreams(t *table) []*stream {
	return alertStream(t, func(r *row, a *alert, emit func() bool) bool {
		for i := range a.kind.evidence {
			r.key, r.evidence, r.device = derive(a.key, uint64(i)+16), i, a.device
			if strings.HasPrefix(a.kind.evidence[i], other) {
				r.device = a.other.devices[0]
			}
			r.event = a.activity + int64(i)*second/10
			r.ingestion = a.raised + t.tenant.alertDelay(r.key)
			r.visible = r.ingestion + visibleLag(r.key, &t.tenant.cfg)
			if !emit() {
				return false
			}
		}
		return true
	})
}

// entity is the type of what a row is about.
func (r *row) entity() string { return strings.TrimPrefix(r.alert.kind.evidence[r.evidence], other) }

// other marks evidence about somebody else than the alert's person.
const other = "Other"

// who is the person of a row of User or MailMessage evidence.
func (r *row) who() *Person {
	if strings.HasPrefix(r.alert.kind.evidence[r.evidence], other) {
		return r.alert.other
	}
	return r.alert.person
}

// ofEntity gives a column that only evidence of these types has.
func ofEntity(types string, f func(*row) string) valueFunc {
	return text(func(r *row) string {
		if strings.Contains(types, r.entity()) {
			return f(r)
		}
		return ""
	})
}

// ofProgram gives a column that evidence of the alert's program has.
func ofProgram(f func(*row, *program) string) valueFunc {
	return ofEntity(onFiles, func(r *row) string {
		if p := r.alert.kind.program; p != nil {
			return f(r, p)
		}
		return ""
	})
}

// evidenceAccount is the account that a row's columns name: a User's alone. A process' account stands in its entity.
func evidenceAccount(r *row) *account {
	if r.entity() == "User" {
		return r.alert.accountOf(r.who())
	}
	return nil
}

// processAccount is the account of a Process, if its entity has one.
func processAccount(r *row) *account {
	switch below(r.draw(drawHuman), 6) {
	case 0:
		return nil
	case 1:
		return r.device.accounts[bySystem]
	}
	return r.alert.accountOf(r.alert.person)
}

// accountOf is a person's account. Alerts that endpoints raise name the one on the device, others
// the directory's.
func (a *alert) accountOf(p *Person) *account {
	if a.kind.service == alertServices["mde"] {
		return a.device.accountOf(p)
	}
	return p.account
}

// evidenceIP is an address that has to do with an alert.
func (r *row) evidenceIP() string {
	h := r.draw(drawRemote)
	return "203.0.113." + itoa(1+below(h, 254))
}

const (
	onFiles = "File Process"
	// onEndpoint is evidence whose columns name the device; a Process and a File have it in their entity.
	onEndpoint = "Machine RegistryValue User"
)

var alertEvidenceColumns = valueFuncs{
	"Timestamp": recordColumns["Timestamp"],
	"AlertId":   text(func(r *row) string { return r.alert.id }),
	"Title":     text(func(r *row) string { return r.alert.kind.title }),
	"Categories": text(func(r *row) string {
		return `["` + r.alert.kind.category + `"]`
	}),
	"AttackTechniques":  text(func(r *row) string { return r.alert.kind.techniques }),
	"ServiceSource":     text(func(r *row) string { return r.alert.kind.service }),
	"DetectionSource":   text(func(r *row) string { return r.alert.kind.detection }),
	"Severity":          text(func(r *row) string { return r.alert.kind.severity }),
	"EntityType":        text((*row).entity),
	"EvidenceRole":      text(evidenceRole),
	"EvidenceDirection": ofEntity("Ip", func(*row) string { return "Source" }),

	"FileName":   ofProgram(func(_ *row, p *program) string { return p.file }),
	"FolderPath": ofProgram(func(r *row, p *program) string { return strings.TrimSuffix(r.path(p), p.file) }),
	"SHA1":       ofProgram(func(_ *row, p *program) string { return p.sha1 }),
	"SHA256":     ofProgram(func(_ *row, p *program) string { return p.sha256 }),
	"FileSize": func(r *row) value.Value {
		if p := r.alert.kind.program; p != nil && strings.Contains(onFiles, r.entity()) {
			return value.NewLong(p.size)
		}
		return value.Null(value.Long)
	},
	"ThreatFamily": ofEntity("File", func(r *row) string {
		if r.alert.kind.category == "Malware" {
			return "Wacatac"
		}
		return ""
	}),
	"ProcessCommandLine": ofEntity("Process", func(r *row) string { return r.expand(r.alert.kind.command) }),

	"AccountName":     ofAccount(evidenceAccount, requestName),
	"AccountDomain":   ofAccount(evidenceAccount, evidenceDomain),
	"AccountSid":      ofAccount(evidenceAccount, sidOf),
	"AccountUpn":      ofAccount(evidenceAccount, upnOf),
	"AccountObjectId": ofAccount(evidenceAccount, objectIDOf),

	"DeviceId":   ofDevice(func(d *device) string { return d.id }),
	"DeviceName": ofDevice(func(d *device) string { return d.fqdn }),
	"LocalIP":    ofEntity("Machine", func(r *row) string { return r.device.ip }),
	"RemoteIP":   ofEntity("Ip", (*row).evidenceIP),
	"RemoteUrl":  ofEntity("Url", func(r *row) string { return r.expand("http://login-{hex}.example-payments.net/") }),

	"RegistryKey":       ofEntity("RegistryValue", func(*row) string { return `HKEY_CURRENT_USER\SOFTWARE\Microsoft\Windows\CurrentVersion\Run` }),
	"RegistryValueName": ofEntity("RegistryValue", func(r *row) string { return r.expand("Updater{n2}") }),
	"RegistryValueData": ofEntity("RegistryValue", func(r *row) string { return r.expand(`{home}\AppData\Roaming\upd{hex}\update.exe -silent`) }),

	"NetworkMessageId": ofEntity("MailMessage", func(r *row) string { return guid(r.key) }),
	"EmailSubject":     ofEntity("MailMessage", func(r *row) string { return r.expand("Invoice {n} is overdue") }),
	"Application":      ofEntity("CloudApplication", func(*row) string { return "Microsoft Exchange Online" }),
	"ApplicationId": port(func(r *row) int32 {
		if r.entity() == "CloudApplication" {
			return 20893
		}
		return 0
	}),
	"AdditionalFields": text(evidenceDetails),
}

// ofDevice gives a column of the device that an endpoint's alert names.
func ofDevice(f func(*device) string) valueFunc {
	return ofEntity(onEndpoint, func(r *row) string {
		if r.alert.kind.service != alertServices["mde"] && r.entity() != "Machine" {
			return ""
		}
		return f(r.device)
	})
}

func evidenceDomain(a *account) string {
	if a.human {
		return a.domain
	}
	return strings.ToUpper(a.domain)
}

func evidenceRole(r *row) string {
	switch r.entity() {
	case "User", "Machine", "MailMessage":
		return "Impacted"
	}
	return "Related"
}

// evidenceDetails is the JSON that the service keeps of an entity.
func evidenceDetails(r *row) string {
	switch r.entity() {
	case "User":
		a := r.alert.accountOf(r.who())
		return fmt.Sprintf(`{"Name":%q,"NTDomain":%q,"Sid":%q,"AadUserId":%q,"UserPrincipalName":%q,"Type":"account","Role":0,"MergeByKey":"%s","MergeByKeyHex":"%s"}`,
			a.name, a.domain, a.sid, a.objectID, a.upn, hexText(r.key, 28), strings.ToUpper(hexText(r.key, 40)))
	case "MailMessage":
		return fmt.Sprintf(`{"Recipient":%q,"P1Sender":"billing@example-payments.net","P2Sender":"billing@example-payments.net","SenderIP":%q,"Subject":%q,"NetworkMessageId":%q,"DeliveryAction":"Delivered","Type":"mailMessage"}`,
			r.who().UPN, r.evidenceIP(), r.expand("Invoice {n} is overdue"), guid(r.key))
	case "Ip":
		return fmt.Sprintf(`{"Address":%q,"Type":"ip","Role":1}`, r.evidenceIP())
	case "Process":
		return processDetails(r)
	case "File":
		if p := r.alert.kind.program; p != nil {
			return fmt.Sprintf(`{"$id":"1","Directory":%q,"Name":%q,"Host":%s,"Type":"file"}`, strings.TrimSuffix(r.path(p), p.file), p.file, hostEntity(r, "2"))
		}
	case "Machine":
		return fmt.Sprintf(`{"HostName":%q,"MdatpDeviceId":%q,"OSFamily":%q,"Type":"host","Role":0}`, r.device.host, r.device.id, r.device.model.platform)
	}
	return ""
}

// processDetails is a process as its entity. What occurs twice stands there once and is referred to.
func processDetails(r *row) string {
	p, a := r.alert.kind.program, processAccount(r)
	account := ""
	if a != nil {
		account = fmt.Sprintf(`"Account":{"$id":"5","Name":%q,"NTDomain":%q,"Sid":%q,"AadUserId":%q,"UserPrincipalName":%q,"IsDomainJoined":true,"Type":"account"},`,
			a.name, a.domain, a.sid, a.objectID, a.upn)
	}
	image := ""
	if p != nil {
		image = fmt.Sprintf(`"ImageFile":{"$id":"3","Directory":%q,"Name":%q,"Host":{"$ref":"2"},"Type":"file"},`,
			strings.TrimSuffix(r.path(p), p.file), p.file)
	}
	reference := account
	if a != nil && below(r.draw(drawRemote), 2) == 0 {
		// The parent ran under the same account, and is written first.
		reference = `"Account":{"$ref":"5"},`
	} else {
		account = ""
	}
	return fmt.Sprintf(`{"$id":"1","Host":%s,"ParentProcess":{"$id":"4","ProcessId":"%d",%s"Host":{"$ref":"2"},"Type":"process"},"ProcessId":"%d","CommandLine":%q,%s%s"Type":"process"}`,
		hostEntity(r, "2"), 500+below(r.key, 4000), account, 5000+below(r.key, 20_000), r.expand(r.alert.kind.command), image, reference)
}

// hostEntity is the device as part of another entity.
func hostEntity(r *row, id string) string {
	return fmt.Sprintf(`{"$id":%q,"HostName":%q,"DnsDomain":%q,"MachineId":%q,"Type":"host"}`,
		id, r.device.host, r.table.tenant.domain+".local", r.device.id)
}
