package record

import (
	"cmp"
	"strings"
)

// field is one field of a record.
type field struct {
	// wire is the name that the former API sent, documented the name on Microsoft's migration page; empty: the same.
	wire, documented string
	// extended says that the migration page has no source for the field, while alerts have one today.
	extended bool
	// value is a string, an int, a bool, or nil for null.
	value func(Facts) any
}

func (f field) name(documented bool) string {
	if documented {
		return cmp.Or(f.documented, f.wire)
	}
	return f.wire
}

// fields are the 50 fields in the order of the former API.
var fields = []field{
	{wire: "AlertTime", value: func(f Facts) any {
		return cmp.Or(f.Alert.Text("createdDateTime"), f.Alert.Text("firstActivityDateTime"))
	}},
	{wire: "ComputerDnsName", value: func(f Facts) any { return dnsName(f.Device) }},
	{wire: "AlertTitle", value: ofAlert("title")},
	{wire: "Category", value: func(f Facts) any { return cmp.Or(f.Alert.Text("category"), first(f.Alert.Texts("categories"))) }},
	{wire: "Severity", value: func(f Facts) any { return severity(f.Alert.Text("severity")) }},
	{wire: "AlertId", value: func(f Facts) any { return f.Alert.ID() }},
	{wire: "Actor", value: ofAlert("actorDisplayName")},
	{wire: "LinkToWDATP", value: ofAlert("alertWebUrl")},
	{wire: "IocName", value: empty},
	{wire: "IocValue", value: empty},
	{wire: "CreatorIocName", value: empty},
	{wire: "CreatorIocValue", value: empty},
	{wire: "Sha1", value: func(f Facts) any { return hashOf(f.Evidence, "sha1") }},
	{wire: "FileName", value: ofFile("fileName")},
	{wire: "FilePath", value: ofFile("filePath")},
	{wire: "IpAddress", documented: "IPAddress", value: func(f Facts) any { return address(f.Evidence) }},
	{wire: "Url", documented: "URL", value: func(f Facts) any { return url(f.Evidence) }},
	{wire: "IoaDefinitionId", value: ofAlert("detectorId")},
	{wire: "UserName", value: func(f Facts) any { return userName(f.User) }},
	{wire: "AlertPart", value: func(f Facts) any { return f.Part }},
	{wire: "FullId", value: func(f Facts) any { return f.FullID() }},
	{wire: "LastProcessedTimeUtc", value: func(f Facts) any {
		return cmp.Or(f.Alert.Text("lastActivityDateTime"), f.Evidence.Text("createdDateTime"))
	}},
	{wire: "ThreatCategory", value: func(f Facts) any { return strings.Join(f.Alert.Texts("mitreTechniques"), ", ") }},
	{wire: "ThreatFamily", documented: "ThreatFamilyName", value: ofAlert("threatFamilyName")},
	{wire: "ThreatName", value: ofAlert("threatDisplayName")},
	{wire: "RemediationAction", value: func(f Facts) any {
		return remediation(cmp.Or(f.Evidence.Text("remediationStatus"), f.Device.Text("remediationStatus")))
	}},
	{wire: "RemediationIsSuccess", value: func(f Facts) any { return remediated(f.Evidence.Text("remediationStatus")) }},
	{wire: "Source", value: func(f Facts) any { return source(f.Alert.Text("detectionSource")) }},
	{wire: "Md5", extended: true, value: func(f Facts) any { return hashOf(f.Evidence, "md5") }},
	{wire: "Sha256", value: func(f Facts) any { return hashOf(f.Evidence, "sha256") }},
	{wire: "WasExecutingWhileDetected", value: func(f Facts) any { return executing(f.Evidence) }},
	{wire: "UserDomain", value: func(f Facts) any { return f.User.Text("domainName") }},
	{wire: "LogOnUsers", value: func(f Facts) any { return loggedOn(f.Device) }},
	{wire: "MachineDomain", value: func(f Facts) any { return machineDomain(f.Device) }},
	{wire: "MachineName", value: func(f Facts) any { return machineName(f.Device) }},
	{wire: "InternalIPv4List", documented: "InternalIPV4List", extended: true, value: func(f Facts) any { return interfaces(f.Device, true) }},
	{wire: "InternalIPv6List", documented: "InternalIPV6List", extended: true, value: func(f Facts) any { return interfaces(f.Device, false) }},
	{wire: "FileHash", value: func(f Facts) any { return cmp.Or(hashOf(f.Evidence, "sha1"), hashOf(f.Evidence, "sha256")) }},
	{wire: "DeviceID", value: func(f Facts) any { return cmp.Or(f.Device.Text("mdeDeviceId"), f.Evidence.Text("mdeDeviceId")) }},
	{wire: "MachineGroup", value: func(f Facts) any { return f.Device.Text("rbacGroupName") }},
	{wire: "Description", value: ofAlert("description")},
	{wire: "DeviceCreatedMachineTags", value: tags},
	{wire: "CloudCreatedMachineTags", value: tags},
	{wire: "CommandLine", value: func(f Facts) any { return f.Evidence.Text("processCommandLine") }},
	{wire: "IncidentLinkToWDATP", value: ofAlert("incidentWebUrl")},
	{wire: "ReportID", documented: "ReportId", value: func(Facts) any { return nil }},
	{wire: "LinkToMTP", value: ofAlert("alertWebUrl")},
	{wire: "IncidentLinkToMTP", value: ofAlert("incidentWebUrl")},
	{wire: "ExternalId", value: empty},
	{wire: "IocUniqueId", value: func(f Facts) any { return f.ID.String() }},
}

func empty(Facts) any { return "" }

func ofAlert(property string) func(Facts) any {
	return func(f Facts) any { return f.Alert.Text(property) }
}

func ofFile(property string) func(Facts) any {
	return func(f Facts) any { return f.Evidence.File().Text(property) }
}

// tags are all tags of the device. Whose they were can no longer be told.
func tags(f Facts) any { return strings.Join(f.Device.Texts("tags"), ",") }

func first(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}
