package tables

import "slices"

// othersPriority is after everything that is on by default.
const othersPriority = 9

// others are the tables that are read only where a user names them: whole, and passed on as they came. One that
// Microsoft's schema tells too little about to know a row by has a name only: its rows are told apart by all of their
// columns.
var others = complete([]*Table{
	{Name: "AADSignInEventsBeta"},
	{Name: "AADSpnSignInEventsBeta"},
	{Name: "AIAgentsInfo"},
	{Name: "AgentsInfo"},
	{Name: "BehaviorEntities"},
	{Name: "BehaviorInfo"},
	{Name: "CallActivityEvents"},
	{Name: "CampaignInfo"},
	{
		Name: "CloudAppEvents", Schema: cloudAppEvents,
		Identity: []string{TimestampColumn, ReportIDColumn, "ActionType", "ApplicationId", "AccountId"},
	},
	{Name: "CloudAuditEvents"},
	{Name: "CloudDnsEvents"},
	{Name: "CloudPolicyEnforcementEvents"},
	{Name: "CloudProcessEvents"},
	{Name: "CloudStorageAggregatedEvents"},
	{Name: "DataSecurityBehaviors"},
	{Name: "DataSecurityEvents"},
	{
		Name: "DeviceFileCertificateInfo", Schema: deviceFileCertificateInfo,
		Identity: []string{"DeviceId", TimestampColumn, ReportIDColumn, "SHA1", "SignerHash", "CertificateSerialNumber"},
	},
	{Name: "DeviceImageLoadEvents", Schema: deviceImageLoadEvents, Identity: deviceEventIdentity},
	{Name: "DeviceNetworkInfo"},
	{Name: "DeviceTvmInfoGathering"},
	{Name: "DeviceTvmSecureConfigurationAssessment"},
	{Name: "DisruptionAndResponseEvents"},
	{
		Name: "EmailAttachmentInfo", Schema: emailAttachmentInfo,
		Identity: []string{TimestampColumn, "NetworkMessageId", "RecipientEmailAddress", ReportIDColumn, "FileName", "SHA256"},
	},
	{
		Name: "EmailEvents", Schema: emailEvents,
		Identity: []string{TimestampColumn, "NetworkMessageId", "RecipientEmailAddress", ReportIDColumn},
	},
	{
		Name: "EmailPostDeliveryEvents", Schema: emailPostDeliveryEvents,
		Identity: []string{
			TimestampColumn, "NetworkMessageId", "RecipientEmailAddress", ReportIDColumn, "Action", "ActionType", "ActionTrigger", "ActionResult",
		},
	},
	{
		Name: "EmailUrlInfo", Schema: emailURLInfo,
		Identity: []string{TimestampColumn, "NetworkMessageId", ReportIDColumn, "Url", "UrlLocation"},
	},
	{
		Name: "EntraIdSignInEvents", Schema: entraIDSignInEvents,
		Identity: []string{TimestampColumn, ReportIDColumn, "RequestId", "CorrelationId", "AccountObjectId"},
	},
	{Name: "EntraIdSpnSignInEvents"},
	{Name: "FileMaliciousContentInfo"},
	{Name: "GraphApiAuditEvents"},
	{Name: "IdentityAccountInfo"},
	{
		Name: "IdentityDirectoryEvents", Schema: identityDirectoryEvents,
		Identity: []string{TimestampColumn, ReportIDColumn, "ActionType", "Application"},
	},
	{Name: "IdentityEvents"},
	{
		Name: "IdentityLogonEvents", Schema: identityLogonEvents,
		Identity: []string{TimestampColumn, ReportIDColumn, "ActionType", "Application"},
	},
	{
		Name: "IdentityQueryEvents", Schema: identityQueryEvents,
		Identity: []string{TimestampColumn, ReportIDColumn, "ActionType", "Application"},
	},
	{Name: "MessageEvents"},
	{Name: "MessagePostDeliveryEvents"},
	{Name: "MessageUrlInfo"},
	{Name: "OAuthAppInfo"},
	{
		// The click and the way past its warning have one ReportId.
		Name: "UrlClickEvents", Schema: urlClickEvents,
		Identity: []string{TimestampColumn, ReportIDColumn, "ActionType", "Url", "AccountUpn", "IsClickedThrough"},
	},
})

// snapshots are the service's tables that say what is now. They have no Timestamp, so nothing tells a row that is new.
var snapshots = []string{
	"DeviceBaselineComplianceAssessment", "DeviceBaselineComplianceAssessmentKB", "DeviceBaselineComplianceProfiles",
	"DeviceTvmBrowserExtensions", "DeviceTvmBrowserExtensionsKB", "DeviceTvmCertificateInfo", "DeviceTvmHardwareFirmware",
	"DeviceTvmInfoGatheringKB", "DeviceTvmSecureConfigurationAssessmentKB", "DeviceTvmSoftwareEvidenceBeta",
	"DeviceTvmSoftwareInventory", "DeviceTvmSoftwareVulnerabilities", "DeviceTvmSoftwareVulnerabilitiesKB",
	"ExposureGraphEdges", "ExposureGraphNodes",
}

// Others returns the known tables that are read only where a user names them, by name.
func Others() []*Table { return slices.Clone(others) }

// Snapshots returns the names of the service's tables that have no Timestamp and cannot be read.
func Snapshots() []string { return slices.Clone(snapshots) }

// Named returns the table that a user calls name. One that is not declared is taken to be the service's: its columns are
// whatever the answers have.
func Named(name string) *Table {
	if t, ok := ByName(name); ok {
		return t
	}
	return complete([]*Table{{Name: name}})[0]
}

// complete fills in what all tables have in common that are read whole.
func complete(list []*Table) []*Table {
	for _, t := range list {
		t.Kind, t.Priority = Passed, othersPriority
		if t.Schema == nil {
			t.Schema = NewSchema(t.Name, TimestampColumn+":datetime")
		}
	}
	return list
}
