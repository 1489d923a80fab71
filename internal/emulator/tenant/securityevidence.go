package tenant

import (
	"context"
	"maps"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// contextOfEvidence never ends: the rows of a device near an instant are few.
var contextOfEvidence = context.Background()

const evidenceType = "#microsoft.graph.security."

// securityEvidence is an item of an alert's evidence, nil where Graph has none for it.
func (t security) securityEvidence(a *alert, i int) map[string]any {
	name := a.kind.evidence[i]
	r := &row{table: t.tables["AlertEvidence"], key: derive(a.key, uint64(i)+16), evidence: i, alert: a, device: a.device, person: a.person, event: a.activity}
	if strings.HasPrefix(name, other) {
		r.device, r.person = a.other.devices[0], a.other
	}
	item := map[string]any{
		"verdict": "suspicious", "remediationStatus": "active", "remediationStatusDetails": nil,
		"roles": []any{}, "detailedRoles": []any{}, "tags": []any{},
	}
	var own map[string]any
	switch r.entity() {
	case "Machine":
		own = t.deviceEvidence(r, a)
		if i == 0 {
			item["detailedRoles"] = []any{"PrimaryDevice"}
		}
	case "User":
		own = map[string]any{"@odata.type": evidenceType + "userEvidence", "stream": nil, "userAccount": userAccountOf(a.accountOf(r.who()), r.who())}
	case "Process":
		own = t.processEvidence(r, a, i)
	case "File":
		own = fileEvidence(r, a)
	case "Ip":
		own = map[string]any{"@odata.type": evidenceType + "ipEvidence", "ipAddress": r.evidenceIP(), "countryLetterCode": "NL", "location": nil, "stream": nil}
	case "Url":
		own = map[string]any{"@odata.type": evidenceType + "urlEvidence", "url": r.expand("http://login-{hex}.example-payments.net/")}
	case "RegistryValue":
		own = map[string]any{
			"@odata.type": evidenceType + "registryValueEvidence", "mdeDeviceId": r.device.id, "registryHive": "HKEY_CURRENT_USER",
			"registryKey": `SOFTWARE\Microsoft\Windows\CurrentVersion\Run`, "registryValueName": r.expand("Updater{n2}"),
			"registryValue": r.expand(`{home}\AppData\Roaming\upd{hex}\update.exe -silent`), "registryValueType": "ExpandString",
		}
	case "MailMessage":
		own = map[string]any{
			"@odata.type": evidenceType + "analyzedMessageEvidence", "networkMessageId": guid(r.key), "recipientEmailAddress": r.who().UPN,
			"subject": r.expand("Invoice {n} is overdue"), "senderIp": r.evidenceIP(), "deliveryAction": "Delivered",
			"p1Sender": map[string]any{"emailAddress": "billing@example-payments.net", "domainName": "example-payments.net", "displayName": nil},
		}
	case "CloudApplication":
		own = map[string]any{"@odata.type": evidenceType + "cloudApplicationEvidence", "appId": 20893, "displayName": "Microsoft Exchange Online", "instanceId": 0, "instanceName": "Microsoft Exchange Online", "saasAppId": 20893, "stream": nil}
	}
	if own == nil {
		return nil
	}
	maps.Copy(item, own)
	return item
}

// textOrNull is null where the sensor has nothing.
func textOrNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func userAccountOf(a *account, p *Person) map[string]any {
	if a == nil {
		return nil
	}
	account := map[string]any{
		"accountName": a.name, "domainName": a.domain, "userSid": textOrNull(a.sid), "azureAdUserId": textOrNull(a.objectID),
		"userPrincipalName": textOrNull(a.upn), "displayName": nil, "activeDirectoryObjectGuid": nil, "resourceAccessEvents": []any{}, "tenantId": nil,
	}
	if p != nil && a.human {
		account["displayName"] = p.DisplayName
	}
	return account
}

// deviceEvidence is a device in its present state; every tenth is a shell that says nothing.
func (t security) deviceEvidence(r *row, a *alert) map[string]any {
	d := r.device
	e := map[string]any{"@odata.type": evidenceType + "deviceEvidence"}
	if strings.HasPrefix(a.kind.evidence[r.evidence], other) && below(r.draw(drawBlank), 3) == 0 {
		for _, key := range []string{"mdeDeviceId", "deviceDnsName", "hostName", "osPlatform", "version", "healthStatus", "riskScore"} {
			e[key] = nil
		}
		e["roles"] = []any{"destination"}
		return e
	}
	maps.Copy(e, map[string]any{
		"mdeDeviceId": d.id, "azureAdDeviceId": textOrNull(d.aadID), "deviceDnsName": d.fqdn, "hostName": d.host,
		"dnsDomain": t.domain + ".local", "ntDomain": t.domain, "osPlatform": d.model.platform, "osBuild": nil, "version": d.model.versionInfo,
		"healthStatus": "active", "riskScore": "high", "onboardingStatus": "onboarded", "defenderAvStatus": "updated",
		"rbacGroupId": 0, "rbacGroupName": nil, "lastIpAddress": d.ip, "lastExternalIpAddress": d.publicIP,
		"ipInterfaces": []any{d.ip, "fe80::1", "127.0.0.1", "::1"}, "vmMetadata": nil, "resourceAccessEvents": []any{},
		"firstSeenDateTime": sensorTime(a.activity - 90*day), "loggedOnUsers": []any{},
	})
	if d.model.build > 0 && d.kind.windows() {
		e["osBuild"] = d.model.build
	}
	if account := a.accountOf(r.who()); account != nil {
		e["loggedOnUsers"] = []any{map[string]any{"accountName": account.name, "domainName": textOrNull(account.domain)}}
	}
	return e
}

// processEvidence is a process whose rows the tables have: the first one of an alert is the run of the alert's program,
// whose activity they hold, the others are processes whose creation they report.
func (t security) processEvidence(r *row, a *alert, i int) map[string]any {
	first := strings.Join(a.kind.evidence[:i], " ")
	number := strings.Count(first, "Process")
	if p := a.kind.program; p != nil && number == 0 && a.device.kind.windows() {
		run := r.instanceOf(p, a.activity)
		e := processItem(r.device, run.id, run.created, r.expand(a.kind.command))
		e["imageFile"] = fileDetails(p.file, strings.TrimSuffix(r.path(p), p.file), p)
		e["userAccount"] = userAccountOf(a.accountOf(a.person), a.person)
		if p.parent != nil {
			parent := r.instanceOf(p.parent, run.created)
			e["parentProcessId"], e["parentProcessCreationDateTime"] = parent.id, sensorTime(parent.created)
			e["parentProcessImageFile"] = fileDetails(p.parent.file, strings.TrimSuffix(r.path(p.parent), p.parent.file), nil)
		}
		return e
	}
	near := t.processesNear(r.device, a.activity)
	if number >= len(near) {
		return nil
	}
	return createdEvidence(r.device, near[number])
}

func processItem(d *device, id, created int64, command string) map[string]any {
	return map[string]any{
		"@odata.type": evidenceType + "processEvidence", "mdeDeviceId": d.id, "processId": id, "processCreationDateTime": sensorTime(created),
		"processCommandLine": command, "detectionStatus": "detected", "imageFile": nil, "userAccount": nil,
		"parentProcessId": nil, "parentProcessCreationDateTime": nil, "parentProcessImageFile": nil,
	}
}

// fileDetails are those of a program; without one there are no hashes, as of parents.
func fileDetails(name, directory string, p *program) map[string]any {
	details := map[string]any{
		"fileName": name, "filePath": directory, "fileSize": nil, "sha1": nil, "sha256": nil, "sha256Ac": nil, "md5": nil,
		"filePublisher": nil, "issuer": nil, "signer": nil,
	}
	if p != nil {
		details["fileSize"], details["sha1"], details["sha256"] = p.size, p.sha1, p.sha256
		details["filePublisher"] = textOrNull(p.company)
	}
	return details
}

// createdEvidence is a process as a row of DeviceProcessEvents reports it.
func createdEvidence(d *device, row map[string]value.Value) map[string]any {
	text := func(column string) string { return row[column].Text() }
	e := processItem(d, row["ProcessId"].Int(), row["ProcessCreationTime"].Ticks(), text("ProcessCommandLine"))
	image := fileDetails(text("FileName"), strings.TrimSuffix(text("FolderPath"), text("FileName")), nil)
	image["sha1"], image["sha256"] = textOrNull(text("SHA1")), textOrNull(text("SHA256"))
	e["imageFile"] = image
	e["userAccount"] = map[string]any{
		"accountName": text("AccountName"), "domainName": text("AccountDomain"), "userSid": textOrNull(text("AccountSid")),
		"azureAdUserId": textOrNull(text("AccountObjectId")), "userPrincipalName": textOrNull(text("AccountUpn")), "displayName": nil,
	}
	if id := row["InitiatingProcessId"]; !id.IsNull() && !row["InitiatingProcessCreationTime"].IsNull() {
		e["parentProcessId"], e["parentProcessCreationDateTime"] = id.Int(), sensorTime(row["InitiatingProcessCreationTime"].Ticks())
		e["parentProcessImageFile"] = fileDetails(text("InitiatingProcessFileName"), "", nil)
	}
	return e
}

func fileEvidence(r *row, a *alert) map[string]any {
	p := a.kind.program
	if p == nil {
		return nil
	}
	return map[string]any{
		"@odata.type": evidenceType + "fileEvidence", "mdeDeviceId": r.device.id, "detectionStatus": "detected",
		"fileDetails": fileDetails(p.file, strings.TrimSuffix(r.path(p), p.file), p),
	}
}
