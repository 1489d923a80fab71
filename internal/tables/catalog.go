package tables

import (
	"slices"
	"strings"
	"time"
)

// Accounts that several tables share.
var (
	account      = Account{Domain: "AccountDomain", Name: "AccountName", SID: "AccountSid"}
	accountFull  = Account{Domain: "AccountDomain", Name: "AccountName", SID: "AccountSid", UPN: "AccountUpn", ObjectID: "AccountObjectId"}
	accountOfReq = Account{Domain: "RequestAccountDomain", Name: "RequestAccountName", SID: "RequestAccountSid", RemoteOnly: true}
	accountOfIP  = Account{
		Domain: "InitiatingProcessAccountDomain", Name: "InitiatingProcessAccountName", SID: "InitiatingProcessAccountSid",
		UPN: "InitiatingProcessAccountUpn", ObjectID: "InitiatingProcessAccountObjectId", Initiating: true,
	}
)

// ReportId is a counter that repeats; with device, time and action it tells rows apart.
var deviceEventIdentity = []string{"DeviceId", TimestampColumn, ReportIDColumn, "ActionType"}

const directoryInterval = time.Hour

// AdditionalFields is read where it carries the POSIX identity of Linux and macOS accounts.
var posixIdentity = []string{"AdditionalFields"}

var catalog = []*Table{
	{
		Name: "DeviceLogonEvents", Priority: 1, Schema: deviceLogonEvents,
		rowBytes: 900,
		Identity: deviceEventIdentity,
		Accounts: []Account{account, accountOfIP},
		Extra:    posixIdentity,
		Event: &Event{
			Type: "AUTH", PlatformID: ReportIDColumn,
			Payload: []Field{
				{Key: "action", Column: "ActionType"},
				{Key: "logon_type", Column: "LogonType"},
				{Key: "device", Column: "DeviceName"},
				{Key: "remote_device", Column: "RemoteDeviceName"},
				{Key: "remote_ip", Column: "RemoteIP"},
				{Key: "protocol", Column: "Protocol"},
				{Key: "is_local_admin", Column: "IsLocalAdmin"},
				{Key: "failure_reason", Column: "FailureReason"},
			},
			RawMetadata: []string{
				"ActionType", "LogonType", "DeviceId", "DeviceName", "AccountDomain", "AccountName", "AccountSid",
				"IsLocalAdmin", "RemoteDeviceName", "RemoteIP", "RemoteIPType", "RemotePort", "Protocol", "FailureReason", "LogonId",
			},
		},
	},
	{
		Name: "Alerts", Kind: Alerts, Priority: 2, Schema: alertEvidence, Info: alertInfo,
		rowBytes: 1500,
		Accounts: []Account{accountFull},
		Extra:    []string{"DeviceName", "RemoteUrl", "AdditionalFields", "NetworkMessageId", "ProcessCommandLine", "FolderPath"},
		Event: &Event{
			Type: "ALERT", PlatformID: "AlertId",
			Payload: []Field{
				{Key: "alert_id", Column: "AlertId"},
				{Key: "title", Column: "Title"},
				{Key: "severity", Column: "Severity"},
				{Key: "category", Column: "Category"},
				{Key: "detection_source", Column: "DetectionSource"},
				{Key: "service_source", Column: "ServiceSource"},
				{Key: "attack_techniques", Column: "AttackTechniques", Parse: true},
				{Key: "entity_type", Column: "EntityType"},
				{Key: "evidence_role", Column: "EvidenceRole"},
				{Key: "device_id", Column: "DeviceId"},
				{Key: "remote_ip", Column: "RemoteIP"},
				{Key: "file_name", Column: "FileName"},
				{Key: "sha256", Column: "SHA256"},
			},
			RawMetadata: []string{
				"AlertId", "Title", "Severity", "Category", "DetectionSource", "AttackTechniques", "ServiceSource",
				"EntityType", "EvidenceRole", "AccountName", "DeviceId", "RemoteIP", "FileName", "SHA256",
			},
		},
	},
	{
		Name: "DeviceProcessEvents", Priority: 3, Schema: deviceProcessEvents,
		rowBytes: 1200,
		Identity: deviceEventIdentity,
		Accounts: []Account{accountFull, accountOfIP},
		Extra:    posixIdentity,
		Event: &Event{
			Type: "ENDPOINT", PlatformID: ReportIDColumn,
			Payload: []Field{
				{Key: "action", Column: "ActionType"},
				{Key: "device", Column: "DeviceName"},
				{Key: "process", Column: "FileName"},
				{Key: "process_path", Column: "FolderPath"},
				{Key: "command_line", Column: "ProcessCommandLine"},
				{Key: "sha256", Column: "SHA256"},
				{Key: "token_elevation", Column: "ProcessTokenElevation"},
				{Key: "parent_process", Column: "InitiatingProcessFileName"},
				{Key: "parent_command_line", Column: "InitiatingProcessCommandLine"},
			},
			RawMetadata: []string{
				"ActionType", "DeviceId", "DeviceName", "FileName", "FolderPath", "SHA256", "ProcessCommandLine",
				"AccountDomain", "AccountName", "AccountSid", "ProcessTokenElevation",
				"InitiatingProcessFileName", "InitiatingProcessCommandLine",
			},
		},
	},
	{
		Name: "DeviceNetworkEvents", Priority: 4, Schema: deviceNetworkEvents,
		Identity: deviceEventIdentity,
		Accounts: []Account{accountOfIP},
		Extra:    posixIdentity,
		Event: &Event{
			Type: "NETWORK", PlatformID: ReportIDColumn,
			Payload: []Field{
				{Key: "action", Column: "ActionType"},
				{Key: "device", Column: "DeviceName"},
				{Key: "remote_ip", Column: "RemoteIP"},
				{Key: "remote_port", Column: "RemotePort"},
				{Key: "remote_url", Column: "RemoteUrl"},
				{Key: "local_ip", Column: "LocalIP"},
				{Key: "local_port", Column: "LocalPort"},
				{Key: "protocol", Column: "Protocol"},
				{Key: "process", Column: "InitiatingProcessFileName"},
				{Key: "command_line", Column: "InitiatingProcessCommandLine"},
			},
			RawMetadata: []string{
				"ActionType", "DeviceId", "DeviceName", "RemoteIP", "RemotePort", "RemoteUrl", "LocalIP", "LocalPort", "Protocol",
				"InitiatingProcessFileName", "InitiatingProcessCommandLine", "InitiatingProcessAccountName",
			},
		},
	},
	{
		Name: "DeviceFileEvents", Priority: 5, Schema: deviceFileEvents,
		rowBytes: 1100,
		Identity: deviceEventIdentity,
		Accounts: []Account{accountOfReq, accountOfIP},
		Extra:    []string{"RequestProtocol", "AdditionalFields"},
		Event: &Event{
			Type: "DATA_ACCESS", PlatformID: ReportIDColumn,
			Payload: []Field{
				{Key: "action", Column: "ActionType"},
				{Key: "device", Column: "DeviceName"},
				{Key: "file_name", Column: "FileName"},
				{Key: "file_path", Column: "FolderPath"},
				{Key: "sha256", Column: "SHA256"},
				{Key: "file_size", Column: "FileSize"},
				{Key: "process", Column: "InitiatingProcessFileName"},
				{Key: "sensitivity_label", Column: "SensitivityLabel"},
				{Key: "is_azure_info_protection_applied", Column: "IsAzureInfoProtectionApplied"},
				{Key: "previous_file_name", Column: "PreviousFileName"},
				{Key: "request_source_ip", Column: "RequestSourceIP"},
			},
			RawMetadata: []string{
				"ActionType", "DeviceId", "DeviceName", "FileName", "FolderPath", "SHA256", "FileSize",
				"InitiatingProcessFileName", "InitiatingProcessAccountName", "SensitivityLabel", "IsAzureInfoProtectionApplied",
				"PreviousFileName", "RequestSourceIP",
			},
			RemoteOnly: []string{"RequestSourceIP"},
		},
	},
	{
		Name: "DeviceEvents", Priority: 6, Schema: deviceEvents,
		Identity: deviceEventIdentity,
		Accounts: []Account{account, accountOfIP},
		AccountActions: []string{
			"UserAccount", "SecurityGroup", "LocalGroup", "PasswordChangeAttempt", "PasswordResetAttempt",
			"AccountCheckedForBlankPassword", "LogonRightsSettingEnabled",
		},
		Event: &Event{
			Type: "ENDPOINT", PlatformID: ReportIDColumn,
			Payload: []Field{
				{Key: "action", Column: "ActionType"},
				{Key: "device", Column: "DeviceName"},
				{Key: "remote_url", Column: "RemoteUrl"},
				{Key: "details", Column: "AdditionalFields", Parse: true},
			},
			RawMetadata: []string{
				"ActionType", "DeviceId", "DeviceName", "AccountDomain", "AccountName", "RemoteUrl", "AdditionalFields",
			},
		},
	},
	{
		Name: "DeviceRegistryEvents", Priority: 7, Schema: deviceRegistryEvents,
		Identity: deviceEventIdentity,
		Accounts: []Account{accountOfIP},
		Event: &Event{
			Type: "ENDPOINT", PlatformID: ReportIDColumn,
			Payload: []Field{
				{Key: "action", Column: "ActionType"},
				{Key: "device", Column: "DeviceName"},
				{Key: "registry_key", Column: "RegistryKey"},
				{Key: "registry_value_name", Column: "RegistryValueName"},
				{Key: "registry_value_data", Column: "RegistryValueData"},
				{Key: "process", Column: "InitiatingProcessFileName"},
			},
			RawMetadata: []string{
				"ActionType", "DeviceId", "RegistryKey", "RegistryValueName", "RegistryValueData",
				"InitiatingProcessFileName", "InitiatingProcessAccountName",
			},
		},
	},
	{
		Name: "DeviceInfo", Kind: Directory, Priority: 8, PollInterval: directoryInterval, Schema: deviceInfo,
		Key: "DeviceId", Whole: "LoggedOnUsers",
		Extra: []string{"DeviceName", "LoggedOnUsers", "OSPlatform"},
	},
	{
		Name: "IdentityInfo", Kind: Directory, Priority: 8, PollInterval: directoryInterval, Schema: identityInfo,
		Key:   "AccountObjectId",
		Extra: []string{"AccountUpn", "AccountName", "AccountDomain", "OnPremSid", "CloudSid", "Type", "AccountDisplayName"},
	},
}

// ByName returns the table of the hunting API that a user calls name, if it is declared.
func ByName(name string) (*Table, bool) {
	for _, t := range slices.Concat(catalog, others) {
		if t.Name == name {
			return t, true
		}
	}
	return nil, false
}

// All returns every table of the hunting API that is read unless the user says otherwise, most urgent first.
func All() []*Table { return slices.Clone(catalog) }

// Schemas returns every table of the service whose columns are declared, by name.
func Schemas() []*Schema {
	var all []*Schema
	for _, t := range slices.Concat(catalog, others) {
		for _, s := range t.Sources() {
			if len(s.Columns) > 1 && !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	slices.SortFunc(all, func(a, b *Schema) int { return strings.Compare(a.Name, b.Name) })
	return all
}
