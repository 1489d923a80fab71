package tenant

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

// The fields of a scene of EmailEvents.
const (
	mailAction = iota
	mailDirection
	mailSender
	mailSubject
	mailLocation
	mailThreat
	mailURLs
)

func messageID(r *row) string { return guid(derive(r.key, drawFile)) }

// sender is the address from which a mail came; of one within the company that of a colleague.
func sender(r *row) string {
	switch a := r.activity().told[mailSender]; {
	case r.activity().told[mailDirection] == "Outbound":
		return concerned(r).UPN
	case a != "":
		return r.expand(a)
	default:
		return writer(r).UPN
	}
}

// writer is who wrote a mail within the company.
func writer(r *row) *Person { return pick(r.draw(drawRemote), r.table.tenant.people) }

func recipient(r *row) string {
	if r.activity().told[mailDirection] == "Outbound" {
		return "orders@supplier-" + itoa(1+below(r.draw(drawRemote), 40)) + ".example"
	}
	return concerned(r).UPN
}

func domainOfAddress(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	return domain
}

func isThreat(r *row) bool { return r.activity().told[mailThreat] != "" }

var emailColumns = valueFuncs{
	"NetworkMessageId": text(messageID),
	"InternetMessageId": text(func(r *row) string {
		return "<" + hexText(derive(r.key, 9), 24) + "@" + domainOfAddress(sender(r)) + ">"
	}),
	"SenderMailFromAddress": text(sender),
	"SenderFromAddress":     text(sender),
	"SenderDisplayName": text(func(r *row) string {
		name, _, _ := strings.Cut(sender(r), "@")
		return strings.ReplaceAll(name, ".", " ")
	}),
	"SenderObjectId": text(func(r *row) string {
		switch r.activity().told[mailDirection] {
		case "Outbound":
			return concerned(r).ObjectID
		case "Intra-org":
			return writer(r).ObjectID
		}
		return ""
	}),
	"SenderMailFromDomain": text(func(r *row) string { return domainOfAddress(sender(r)) }),
	"SenderFromDomain":     text(func(r *row) string { return domainOfAddress(sender(r)) }),
	"SenderIPv4": text(func(r *row) string {
		return "198.19." + itoa(below(r.key, 256)) + "." + itoa(1+below(derive(r.key, 1), 254))
	}),
	"RecipientEmailAddress": text(recipient),
	"RecipientObjectId": text(func(r *row) string {
		if recipient(r) == concerned(r).UPN {
			return concerned(r).ObjectID
		}
		return ""
	}),
	"Subject":        field(mailSubject),
	"EmailClusterId": long(func(r *row) int64 { return int64(deriveText(1, r.activity().told[mailSubject]) >> 1) }),
	"EmailDirection": field(mailDirection),
	"DeliveryAction": text(func(r *row) string {
		switch r.activity().told[mailLocation] {
		case "Quarantine":
			return "Blocked"
		case "Junk folder":
			return "Junked"
		}
		return "Delivered"
	}),
	"DeliveryLocation":       field(mailLocation),
	"LatestDeliveryLocation": field(mailLocation),
	"LatestDeliveryAction":   fixed("Delivered"),
	"ThreatTypes":            field(mailThreat),
	"DetectionMethods": text(func(r *row) string {
		if !isThreat(r) {
			return ""
		}
		return `{"` + toldBy(r, mailThreat) + `":["URL detonation reputation","Fingerprint matching"]}`
	}),
	"ConfidenceLevel": text(func(r *row) string {
		if !isThreat(r) {
			return `{"Spam":"Not spam","Phish":"Not phish"}`
		}
		return `{"` + toldBy(r, mailThreat) + `":"High"}`
	}),
	"AdditionalFields": text(func(r *row) string {
		if !isThreat(r) {
			return ""
		}
		return `{"PhishSimulation":"False"}`
	}),
	"BulkComplaintLevel": count(func(r *row) int32 { return int32(below(r.draw(drawLabel), 8)) }),
	"EmailAction": text(func(r *row) string {
		if isThreat(r) {
			return "Send to quarantine"
		}
		return "No action taken"
	}),
	"EmailActionPolicy": text(func(r *row) string {
		if isThreat(r) {
			return "Antispam high-confidence phishing"
		}
		return ""
	}),
	"AuthenticationDetails": text(func(r *row) string {
		if isThreat(r) {
			return `{"SPF":"fail","DKIM":"none","DMARC":"fail","CompAuth":"fail"}`
		}
		return `{"SPF":"pass","DKIM":"pass","DMARC":"pass","CompAuth":"pass"}`
	}),
	"AttachmentCount": count(func(r *row) int32 { return int32(below(r.draw(drawFile), 3)) }),
	"UrlCount":        count(func(r *row) int32 { return int32(len(r.activity().told[mailURLs])) }),
	"EmailLanguage":   fixed("en"),
}

// Scenes of EmailEvents: weight|kinds|who|program|action|direction|sender, if no colleague|subject|location|threat|a letter for each URL.
var emailScenes = newScenes(7, `
6|`+anyKind+`|user|none||Intra-org||Re: {doc}|Inbox/folder||
4|`+anyKind+`|user|none||Inbound|newsletter@vendor-{n2}.example|What is new in week {n2}|Inbox/folder||uuu
3|`+anyKind+`|user|none||Outbound||Order {n}|On-premises/external||u
1|`+anyKind+`|user|none||Inbound|it-support@login-{n2}.example|Your password ends today|Quarantine|Phish|u
1|`+anyKind+`|user|none||Inbound|invoice@paper-{n2}.example|Invoice {n} {doc}|Junk folder|Spam|uu
6|`+anyKind+`|none|none||Intra-org||Build {hex} of {repo} has passed|Inbox/folder||u
4|`+anyKind+`|none|none||Inbound|no-reply@service-{n2}.example|Notification {n}|Inbox/folder||uu
`)

// Scenes of UrlClickEvents: weight|kinds|who|program|action|workload|URL|threat|clicked through.
var clickScenes = newScenes(5, `
8|`+anyKind+`|user|none|ClickAllowed|Email|https://{site}||
4|`+anyKind+`|user|none|ClickAllowed|Teams|https://{site}||
2|`+anyKind+`|user|none|ClickBlocked|Email|https://login-{n2}.example/{hex}|Phish|
1|`+anyKind+`|user|none|ClickBlockedByTenantPolicy|Office|https://files-{n2}.example/{doc}||
1|`+anyKind+`|user|none|ClickAllowed|Email|https://login-{n2}.example/{hex}|Phish|through
4|`+anyKind+`|none|none|ClickAllowed|Email|https://{site}||
`)

var clickColumns = valueFuncs{
	"Url":              field(2),
	"Workload":         field(1),
	"AccountUpn":       ofConcerned(func(p *Person) string { return p.UPN }),
	"NetworkMessageId": text(messageID),
	"ThreatTypes":      field(3),
	"DetectionMethods": text(func(r *row) string {
		if toldBy(r, 3) == "" {
			return ""
		}
		return `{"Phish":["URL detonation reputation"]}`
	}),
	"IsClickedThrough": func(r *row) value.Value { return value.NewBool(toldBy(r, 4) != "") },
	"UrlChain":         text(func(r *row) string { return `["` + toldBy(r, 2) + `"]` }),
}
