package event

import (
	"net"
	"net/url"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"

	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
)

// semanticTable is what a table's rows give: column by column, and what depends on several.
type semanticTable struct {
	fields []semanticField
	more   func(plog.LogRecord, row.Row)
}

var semanticDevice = []semanticField{
	{semconv.HostIDKey, "DeviceId", asText},
	{semconv.HostNameKey, "DeviceName", asText},
}

// semanticActor is the process that acted.
var semanticActor = []semanticField{
	{semconv.ProcessPIDKey, "InitiatingProcessId", asID},
	{semconv.ProcessParentPIDKey, "InitiatingProcessParentId", asID},
	{semconv.ProcessExecutableNameKey, "InitiatingProcessFileName", asText},
	{semconv.ProcessExecutablePathKey, "InitiatingProcessFolderPath", asText},
	{semconv.ProcessCommandLineKey, "InitiatingProcessCommandLine", asText},
	{semconv.ProcessCreationTimeKey, "InitiatingProcessCreationTime", asText},
	{semconv.ProcessOwnerKey, "InitiatingProcessAccountName", asText},
}

var semanticPeer = []semanticField{
	{semconv.NetworkPeerAddressKey, "RemoteIP", asText},
	{semconv.NetworkPeerPortKey, "RemotePort", asID},
	{semconv.NetworkLocalAddressKey, "LocalIP", asText},
	{semconv.NetworkLocalPortKey, "LocalPort", asID},
}

var semanticFile = []semanticField{
	{semconv.FileNameKey, "FileName", asText},
	{semconv.FileSizeKey, "FileSize", asNumber},
}

var semanticTables = map[string]semanticTable{
	"DeviceLogonEvents": {
		fields: join(semanticActor, semanticPeer, []semanticField{
			{semconv.ClientAddressKey, "RemoteIP", asText},
			{semconv.ClientAddressKey, "RemoteDeviceName", asText}, // the name where it is known
			{semconv.ClientPortKey, "RemotePort", asID},
			{semconv.NetworkProtocolNameKey, "Protocol", asLower},
		}),
		more: func(record plog.LogRecord, r row.Row) {
			if r.Text("ActionType") == "LogonFailed" {
				putText(record.Attributes(), string(semconv.ErrorTypeKey), r.Text("FailureReason"))
			}
		},
	},
	"DeviceProcessEvents": {
		fields: []semanticField{
			{semconv.ProcessPIDKey, "ProcessId", asID},
			{semconv.ProcessParentPIDKey, "InitiatingProcessId", asID},
			{semconv.ProcessExecutableNameKey, "FileName", asText},
			{semconv.ProcessCommandLineKey, "ProcessCommandLine", asText},
			{semconv.ProcessCreationTimeKey, "ProcessCreationTime", asText},
			{semconv.ProcessOwnerKey, "AccountName", asText},
		},
		more: func(record plog.LogRecord, r row.Row) {
			putPath(record.Attributes(), semconv.ProcessExecutablePathKey, r.Text("FolderPath"), r.Text("FileName"))
		},
	},
	"DeviceNetworkEvents": {fields: join(semanticActor, semanticPeer), more: describeConnection},
	"DeviceFileEvents": {
		fields: join(semanticActor, semanticFile, []semanticField{
			{semconv.ClientAddressKey, "RequestSourceIP", asText},
			{semconv.ClientPortKey, "RequestSourcePort", asID},
			{semconv.URLFullKey, "FileOriginUrl", asText},
		}),
		more: describeFile,
	},
	"DeviceEvents": {
		fields: join(semanticActor, semanticPeer, semanticFile),
		more: func(record plog.LogRecord, r row.Row) {
			describeFile(record, r)
			describeURL(record.Attributes(), r.Text("RemoteUrl"))
		},
	},
	"DeviceRegistryEvents": {fields: semanticActor},
	"Alerts": {
		fields: join(semanticPeer, semanticFile, []semanticField{
			{semconv.ProcessCommandLineKey, "ProcessCommandLine", asText},
			{semconv.SecurityRuleNameKey, "Title", asText},
			{semconv.SecurityRuleCategoryKey, "Category", asText},
			{semconv.SecurityRuleRulesetNameKey, "DetectionSource", asText},
		}),
		more: func(record plog.LogRecord, r row.Row) {
			describeFile(record, r)
			describeURL(record.Attributes(), r.Text("RemoteUrl"))
			if severity, ok := alertSeverities[strings.ToLower(r.Text("Severity"))]; ok {
				record.SetSeverityNumber(severity)
			}
		},
	},
}

// The conventions leave the scale to the source.
var alertSeverities = map[string]plog.SeverityNumber{
	"informational": plog.SeverityNumberInfo,
	"low":           plog.SeverityNumberInfo2,
	"medium":        plog.SeverityNumberWarn,
	"high":          plog.SeverityNumberError,
}

func join(lists ...[]semanticField) []semanticField {
	var all []semanticField
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

func describeFile(record plog.LogRecord, r row.Row) {
	putPath(record.Attributes(), semconv.FilePathKey, r.Text("FolderPath"), r.Text("FileName"))
}

// outboundActions are those by which the device is the client. Of the others the direction is not
// said; what came in is nobody's act and has been dropped.
var outboundActions = map[string]bool{
	"ConnectionSuccess": true, "ConnectionFailed": true, "ConnectionAttempt": true, "ConnectionRequest": true,
}

func describeConnection(record plog.LogRecord, r row.Row) {
	m := record.Attributes()
	switch transport := strings.ToLower(r.Text("Protocol")); {
	case strings.HasPrefix(transport, "tcp"): // TcpV4, too
		m.PutStr(string(semconv.NetworkTransportKey), "tcp")
	case strings.HasPrefix(transport, "udp"):
		m.PutStr(string(semconv.NetworkTransportKey), "udp")
	}
	if ip := net.ParseIP(row.First(r.Text("RemoteIP"), r.Text("LocalIP"))); ip != nil {
		network := "ipv6"
		if ip.To4() != nil {
			network = "ipv4"
		}
		m.PutStr(string(semconv.NetworkTypeKey), network)
	}
	if outboundActions[r.Text("ActionType")] {
		putEnds(m, r, semconv.ClientAddressKey, semconv.ClientPortKey, semconv.ServerAddressKey, semconv.ServerPortKey)
		describeURL(m, r.Text("RemoteUrl"))
		return
	}
	putEnds(m, r, semconv.SourceAddressKey, semconv.SourcePortKey, semconv.DestinationAddressKey, semconv.DestinationPortKey)
	if address := r.Text("RemoteUrl"); strings.Contains(address, "://") {
		m.PutStr(string(semconv.URLFullKey), address)
	}
}

func putEnds(m pcommon.Map, r row.Row, address, port, otherAddress, otherPort attribute.Key) {
	for _, f := range []semanticField{
		{address, "LocalIP", asText},
		{port, "LocalPort", asID},
		{otherAddress, "RemoteIP", asText},
		{otherPort, "RemotePort", asID},
	} {
		if v, ok := r.Columns.Get(f.column); ok {
			f.as(m, string(f.key), v)
		}
	}
}

// describeURL names the server by what the client called it: a URL, or a host alone.
func describeURL(m pcommon.Map, address string) {
	full := strings.Contains(address, "://")
	if full {
		m.PutStr(string(semconv.URLFullKey), address)
	} else {
		address = "//" + address
	}
	if u, err := url.Parse(address); err == nil {
		putText(m, string(semconv.ServerAddressKey), u.Hostname())
	}
}
