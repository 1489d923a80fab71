package indicator

import (
	"encoding/json"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/alert"
)

// says is what makes an evidence an indicator. It is empty where everything that would is absent.
func says(e alert.Evidence) string {
	file := e.File()
	switch e.Kind {
	case alert.Process:
		return e.Text("processId") + e.Text("processCommandLine") + fileSays(file)
	case alert.File:
		return fileSays(file)
	case alert.IP:
		return e.Text("ipAddress")
	case alert.URL:
		return e.Text("url")
	case alert.DNS:
		return e.Text("domainName")
	case alert.NetworkConnection:
		return e.Text("destinationAddress", "ipAddress") + e.Text("sourceAddress", "ipAddress")
	case alert.FileHash:
		return e.Text("value")
	default:
		return string(e.Kind)
	}
}

func fileSays(file alert.Object) string {
	return file.Text("fileName") + file.Text("filePath") + file.Text("sha1") + file.Text("sha256") + file.Text("md5")
}

// identify gives an evidence its identity. It holds nothing that changes with the state of the alert.
func identify(e alert.Evidence) ID {
	device := e.Text("mdeDeviceId")
	switch e.Kind {
	case alert.Process:
		return identifyProcess(e, device)
	case alert.File:
		return identifyFile(e)
	case alert.IP:
		return hash("ip", e.Text("ipAddress"))
	case alert.URL:
		return hash("url", e.Text("url"))
	case alert.DNS:
		return hash("dns", strings.ToLower(e.Text("domainName")))
	case alert.NetworkConnection:
		return hash("connection", e.Text("protocol"), e.Text("sourceAddress", "ipAddress"), e.Text("sourcePort"),
			e.Text("destinationAddress", "ipAddress"), e.Text("destinationPort"))
	case alert.FileHash:
		return hash("hash", strings.ToLower(e.Text("algorithm")), strings.ToLower(e.Text("value")))
	default:
		return identifyOther(e)
	}
}

// identifyProcess uses the number and the start of a process. Those that have neither, as some detections of files have
// none, are told apart by what they ran.
func identifyProcess(e alert.Evidence, device string) ID {
	number, start := e.Text("processId"), e.Text("processCreationDateTime")
	if number == "" && start == "" {
		i := imageOf(e)
		return hash("process", device, number, start, i.sha1, i.path(), e.Text("processCommandLine"))
	}
	return hash("process", device, number, start)
}

// identifyFile uses the Sha1 and the place of a file. One that has no Sha1 is told apart by its Sha256.
func identifyFile(e alert.Evidence) ID {
	i := imageOf(e)
	parts := []string{"file", i.device, i.sha1, i.path()}
	if i.sha1 == "" && e.File().Text("sha256") != "" {
		parts = append(parts, strings.ToLower(e.File().Text("sha256")))
	}
	return hash(parts...)
}

// identities are the properties by which other kinds are known: of each the first list of which one is there.
var identities = map[alert.Kind][][]string{
	alert.Device:                  {{"mdeDeviceId"}, {"azureAdDeviceId"}, {"deviceDnsName"}, {"hostName", "dnsDomain", "ntDomain"}},
	"mailboxEvidence":             {{"primaryAddress"}, {"upn"}},
	"mailClusterEvidence":         {{"urn"}},
	"analyzedMessageEvidence":     {{"urn"}, {"networkMessageId", "recipientEmailAddress"}},
	"submissionMailEvidence":      {{"submissionId"}},
	"teamsMessageEvidence":        {{"messageId", "threadId"}},
	"cloudApplicationEvidence":    {{"appId", "instanceId"}},
	"oauthApplicationEvidence":    {{"objectId"}, {"appId"}},
	"servicePrincipalEvidence":    {{"servicePrincipalObjectId"}, {"appId"}},
	"cloudLogonSessionEvidence":   {{"sessionId"}},
	"hostLogonSessionEvidence":    {{"sessionId", "startUtcDateTime"}},
	"securityGroupEvidence":       {{"securityGroupId"}, {"sid"}, {"activeDirectoryObjectGuid"}},
	"malwareEvidence":             {{"category", "name"}},
	"azureResourceEvidence":       {{"resourceId"}},
	"amazonResourceEvidence":      {{"amazonResourceId"}},
	"googleCloudResourceEvidence": {{"fullResourceName"}},
	"blobEvidence":                {{"url"}},
	"blobContainerEvidence":       {{"url"}},
	"containerEvidence":           {{"containerId"}},
	"ioTDeviceEvidence":           {{"deviceId"}, {"macAddress"}},
	"gitHubOrganizationEvidence":  {{"orgId"}, {"login"}},
	"gitHubRepoEvidence":          {{"repoId"}},
	"gitHubUserEvidence":          {{"userId"}, {"login"}},
	"aiAgentEvidence":             {{"agentId"}},
}

// accounts are the properties of a user by which it is known.
var accounts = [][]string{{"azureAdUserId"}, {"userSid"}, {"userPrincipalName"}, {"accountName", "domainName"}}

// identifyOther identifies evidence that is an indicator in no mode but one record per evidence.
func identifyOther(e alert.Evidence) ID {
	lists, from := identities[e.Kind], e.Object
	if e.Kind == alert.User {
		lists, from = accounts, e.Object.Object("userAccount")
	}
	for _, list := range lists {
		parts, found := []string{string(e.Kind)}, false
		for _, property := range list {
			text := from.Text(property)
			parts, found = append(parts, property+"="+strings.ToLower(text)), found || text != ""
		}
		if found {
			return hash(parts...)
		}
	}
	return hash(string(e.Kind), content(e))
}

// states are the properties of every kind that change with the state of the alert.
var states = []string{
	"@odata.type", "createdDateTime", "detailedRoles", "detectionStatus", "remediationStatus", "remediationStatusDetails",
	"roles", "tags", "verdict",
}

// content is everything that an evidence says but for its state, with sorted keys.
func content(e alert.Evidence) string {
	text, err := json.Marshal(stateless(e.Properties()))
	if err != nil { // a number that JSON has no form for
		return ""
	}
	return string(text)
}

// stateless leaves out the state of an evidence, and of evidence below it.
func stateless(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for _, state := range states {
			delete(value, state)
		}
		for key, below := range value {
			value[key] = stateless(below)
		}
	case []any:
		for i, below := range value {
			value[i] = stateless(below)
		}
	}
	return value
}
