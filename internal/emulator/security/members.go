package security

// hidden are the enum members that are newer than the sentinel, by the key under which they stand.
var hidden = map[string]map[string]bool{
	"serviceSource": set("microsoftDefenderForCloud", "microsoftSentinel", "microsoftInsiderRiskManagement",
		"microsoftThreatIntelligence", "microsoftSecurityForAI"),
	"detectionSource": set("microsoftDefenderForCloud", "microsoftDefenderForIoT", "microsoftDefenderForServers",
		"microsoftDefenderForStorage", "microsoftDefenderForDNS", "microsoftDefenderForDatabases", "microsoftDefenderForContainers",
		"microsoftDefenderForNetwork", "microsoftDefenderForAppService", "microsoftDefenderForKeyVault",
		"microsoftDefenderForResourceManager", "microsoftDefenderForApiManagement", "microsoftDefenderForAIServices", "nrtAlerts",
		"scheduledAlerts", "microsoftDefenderThreatIntelligenceAnalytics", "builtInMl", "microsoftInsiderRiskManagement",
		"microsoftThreatIntelligence", "securityCopilot", "microsoftSentinel"),
	"remediationStatus": set("active", "pendingApproval", "declined", "unremediated", "running", "partiallyRemediated"),
	"status":            set("awaitingAction"),
}

func set(members ...string) map[string]bool {
	all := map[string]bool{}
	for _, m := range members {
		all[m] = true
	}
	return all
}

// unknownFutureValue is the sentinel of the enums that grow.
const unknownFutureValue = "unknownFutureValue"

// withoutNewMembers is a copy of a value as a client reads it that does not ask for new members.
func withoutNewMembers(key string, value any) any {
	switch value := value.(type) {
	case string:
		if hidden[key][value] {
			return unknownFutureValue
		}
	case map[string]any:
		copied := make(map[string]any, len(value))
		for k, v := range value {
			copied[k] = withoutNewMembers(k, v)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, v := range value {
			copied[i] = withoutNewMembers(key, v)
		}
		return copied
	}
	return value
}
