package tenant

import "github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"

var identityLogonColumns = valueFuncs{
	"Application":        field(1),
	"LogonType":          field(2),
	"Protocol":           field(3),
	"FailureReason":      field(4),
	"AccountName":        ofConcerned(func(p *Person) string { return p.Name }),
	"AccountDomain":      ofConcerned(func(p *Person) string { return p.Domain }),
	"AccountUpn":         ofConcerned(func(p *Person) string { return p.UPN }),
	"AccountSid":         ofConcerned((*Person).SID),
	"AccountObjectId":    ofConcerned(func(p *Person) string { return p.ObjectID }),
	"AccountDisplayName": ofConcerned(func(p *Person) string { return p.DisplayName }),
	"DeviceName":         text(func(r *row) string { return concerned(r).devices[0].fqdn }),
	"DeviceType":         fixed("Workstation"),
	"OSPlatform":         fixed("Windows11"),
	"Port":               port(func(r *row) int32 { return int32(49_152 + below(r.draw(drawPort), 16_000)) }),
	"DestinationDeviceName": text(func(r *row) string {
		if d := controller(r); d != nil {
			return d.fqdn
		}
		return ""
	}),
	"DestinationIPAddress": text(func(r *row) string {
		if d := controller(r); d != nil {
			return d.ip
		}
		return ""
	}),
	"DestinationPort": port(func(r *row) int32 {
		if controller(r) == nil {
			return 0
		}
		return 88
	}),
	"TargetDeviceName": text(func(r *row) string {
		if d := controller(r); d != nil {
			return pick(r.draw(drawRemote), r.table.tenant.fleet.servers).fqdn
		}
		return ""
	}),
	"Location": ofConcerned(func(p *Person) string { return p.Country }),
	"Isp":      fixed("Example Networks"),
	"AdditionalFields": func(r *row) value.Value {
		return value.NewDynamic(map[string]any{"Count": "1", "Category": "Identity", "ACTOR.ENTITY_USER": concerned(r).DisplayName})
	},
}

// controller is the domain controller that saw a logon; nil where it was one in the cloud.
func controller(r *row) *device {
	if toldBy(r, 1) != "Active Directory" {
		return nil
	}
	return pick(r.draw(drawDevice), r.table.tenant.fleet.byKind[kindDomain])
}

// Scenes of IdentityLogonEvents: weight|kinds|who|program|action|application|logon type|protocol|why it failed.
var identityLogonScenes = newScenes(5, `
6|`+anyKind+`|user|none|LogonSuccess|Active Directory|Resource access|Kerberos|
3|`+anyKind+`|user|none|LogonSuccess|Active Directory|Credentials validation|Ntlm|
1|`+anyKind+`|user|none|LogonFailed|Active Directory|Failed logon|Kerberos|WrongPassword
4|`+anyKind+`|user|none|LogonSuccess|Microsoft 365|OAuth2:Authorize||
1|`+anyKind+`|user|none|LogonFailed|Microsoft 365|Login:reprocess||The user could not be authenticated.
6|`+anyKind+`|none|none|LogonSuccess|Active Directory|Resource access|Kerberos|
`)

var cloudAppColumns = valueFuncs{
	"Application":        field(1),
	"ApplicationId":      count(func(r *row) int32 { return int32(10_000 + deriveText(1, r.activity().told[1])%30_000) }),
	"AppInstanceId":      count(func(*row) int32 { return 0 }),
	"AccountObjectId":    ofConcerned(func(p *Person) string { return p.ObjectID }),
	"AccountId":          ofConcerned(func(p *Person) string { return p.UPN }),
	"AccountDisplayName": ofConcerned(func(p *Person) string { return p.DisplayName }),
	"IsAdminOperation":   boolean(func(r *row) bool { return toldBy(r, 2) == "Administrator" }),
	"DeviceType":         fixed("Desktop"),
	"OSPlatform":         fixed("Windows 11"),
	"IsAnonymousProxy":   boolean(func(*row) bool { return false }),
	"CountryCode":        ofConcerned(func(p *Person) string { return p.Country }),
	"City":               ofConcerned(func(p *Person) string { return p.City }),
	"Isp":                fixed("Example Networks"),
	"UserAgent":          fixed("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Edg/139.0.0.0"),
	"ActivityType":       field(3),
	"ActivityObjects": func(r *row) value.Value {
		return value.NewDynamic([]any{
			map[string]any{"Type": "File", "Role": "Target object", "Name": toldBy(r, 4)},
			map[string]any{"Type": "Account", "Role": "Actor", "Id": concerned(r).ObjectID},
		})
	},
	"ObjectName":     field(4),
	"ObjectType":     fixed("File"),
	"ObjectId":       text(func(r *row) string { return guid(derive(r.key, drawFile)) }),
	"AccountType":    fixed("Regular"),
	"IsExternalUser": boolean(func(*row) bool { return false }),
	"IsImpersonated": func(*row) value.Value { return value.NewBool(false) },
	"UserAgentTags":  dynamicText("Native client"),
	"RawEventData": func(r *row) value.Value {
		return value.NewDynamic(map[string]any{
			"Operation": r.activity().action, "Workload": toldBy(r, 1), "UserId": concerned(r).UPN, "ClientIP": publicIP(r),
			"ObjectId": toldBy(r, 4), "RecordType": int64(6), "Version": int64(1), "Id": guid(derive(r.key, drawText)),
		})
	},
	"AdditionalFields": func(*row) value.Value { return value.NewDynamic(map[string]any{}) },
	"LastSeenForUser":  func(r *row) value.Value { return value.NewDynamic(map[string]any{"ActionType": itoa(below(r.key, 9))}) },
	"UncommonForUser":  dynamicText("ActionType"),
	"AuditSource":      fixed("Defender for Cloud Apps app connector"),
}

// dynamicText is a list of one text.
func dynamicText(s string) valueFunc {
	v := value.NewDynamic([]any{s})
	return func(*row) value.Value { return v }
}

// Scenes of CloudAppEvents: weight|kinds|who|program|action|application|role|activity|object.
var cloudAppScenes = newScenes(5, `
6|`+anyKind+`|user|none|FileAccessed|Microsoft SharePoint Online|Regular|Basic|{doc}
4|`+anyKind+`|user|none|FileModified|Microsoft OneDrive for Business|Regular|Edit|{doc}
3|`+anyKind+`|user|none|MailItemsAccessed|Microsoft Exchange Online|Regular|Basic|Inbox
2|`+anyKind+`|user|none|MessageSent|Microsoft Teams|Regular|Create|{repo}
1|`+anyKind+`|user|none|New-InboxRule|Microsoft Exchange Online|Regular|Create|Move to RSS {n2}
1|`+anyKind+`|user|none|Add member to role.|Microsoft Entra ID|Administrator|Edit|{guid}
6|`+anyKind+`|none|none|FileSyncDownloadedFull|Microsoft OneDrive for Business|Regular|Download|{doc}
`)
