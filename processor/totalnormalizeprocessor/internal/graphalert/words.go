package graphalert

import "strings"

// What Graph writes, as the hunting tables write it. Whatever else Graph writes stays as it is.
var (
	severities = map[string]string{"informational": "Informational", "low": "Low", "medium": "Medium", "high": "High"}

	services = map[string]string{
		"microsoftDefenderForEndpoint":   "Microsoft Defender for Endpoint",
		"microsoftDefenderForIdentity":   "Microsoft Defender for Identity",
		"microsoftDefenderForCloudApps":  "Microsoft Cloud App Security",
		"microsoftDefenderForOffice365":  "Microsoft Defender for Office 365",
		"microsoft365Defender":           "Microsoft 365 Defender",
		"azureAdIdentityProtection":      "AAD Identity Protection",
		"microsoftAppGovernance":         "App Governance",
		"dataLossPrevention":             "Microsoft Data Loss Prevention",
		"microsoftDefenderForCloud":      "Microsoft Defender for Cloud",
		"microsoftSentinel":              "Microsoft Sentinel",
		"microsoftInsiderRiskManagement": "Microsoft Insider Risk Management",
		"microsoftThreatIntelligence":    "Microsoft Threat Intelligence",
		"microsoftSecurityForAI":         "Microsoft Security for AI",
	}

	// Graph names an endpoint's own sensor by its product.
	detections = map[string]string{
		"microsoftDefenderForEndpoint":   "EDR",
		"antivirus":                      "Antivirus",
		"smartScreen":                    "SmartScreen",
		"customTi":                       "CustomTI",
		"customDetection":                "CustomDetection",
		"automatedInvestigation":         "AutomatedInvestigation",
		"microsoftThreatExperts":         "MicrosoftThreatExperts",
		"microsoftDefenderForOffice365":  "MicrosoftDefenderForOffice365",
		"microsoftDefenderForIdentity":   "MicrosoftDefenderForIdentity",
		"cloudAppSecurity":               "CloudAppSecurity",
		"microsoftDefenderForCloudApps":  "CloudAppSecurity",
		"microsoft365Defender":           "Microsoft365Defender",
		"azureAdIdentityProtection":      "AzureADIdentityProtection",
		"manual":                         "Manual",
		"microsoftDataLossPrevention":    "MicrosoftDataLossPrevention",
		"appGovernancePolicy":            "AppGovernancePolicy",
		"appGovernanceDetection":         "AppGovernanceDetection",
		"microsoftDefenderForCloud":      "MicrosoftDefenderForCloud",
		"microsoftDefenderForServers":    "MicrosoftDefenderForServers",
		"nrtAlerts":                      "NrtAlerts",
		"scheduledAlerts":                "ScheduledAlerts",
		"builtInMl":                      "BuiltInMl",
		"microsoftInsiderRiskManagement": "MicrosoftInsiderRiskManagement",
		"microsoftThreatIntelligence":    "MicrosoftThreatIntelligence",
		"microsoftSentinel":              "MicrosoftSentinel",
	}

	// The tables know two roles.
	impacted = map[string]bool{"attacked": true, "compromised": true, "PrimaryDevice": true, "Main device": true}

	// The types that the tables name otherwise than Graph, but for the ending.
	entityTypes = map[string]string{
		deviceEvidence:             "Machine",
		"analyzedMessageEvidence":  "MailMessage",
		"oauthApplicationEvidence": "OAuthApplication",
	}
)

// The types of evidence that are more than their columns.
const (
	typePrefix      = "#microsoft.graph.security."
	typeSuffix      = "Evidence"
	deviceEvidence  = "deviceEvidence"
	userEvidence    = "userEvidence"
	processEvidence = "processEvidence"
)

// entityType is how the tables name a type of evidence; of a type that is not known, its name without the ending.
func entityType(kind string) string {
	if known, ok := entityTypes[kind]; ok {
		return known
	}
	name := strings.TrimSuffix(kind, typeSuffix)
	if name == "" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}
