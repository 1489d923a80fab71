package tenant

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

func tellDeviceEvent(r *row, s *scene, a *activity) {
	a.action, a.additional = s.fields[0], s.fields[4]
	if s.fields[1] != "" {
		a.account = r.accountNamed(s.fields[1])
	}
	a.remote.url = s.fields[2]
	a.file.folder, a.file.name = "", s.fields[3]
	if a.file.name != "" {
		a.file.folder = `{home}\Downloads\`
	}
	if strings.Contains(a.additional, "LoggedOnUsers") {
		// The system writes these rows, and says who was there.
		a.initiating.account = r.device.accounts[bySystem]
	}
	switch a.action {
	case "SmartScreenAppWarning":
		from := pick(r.draw(drawRemote), hosts["web"])
		a.file.origin, a.file.ip = "https://"+r.table.tenant.named(from.name)+"/", from.address(r.key)
	case "ProcessCreatedUsingWmiQuery":
		a.created = process{program: programNamed("powershell.exe"), account: a.account}
	case "TamperingAttempt":
		a.registry = registryValue{key: `HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\Windows Defender\Real-Time Protection`, name: "DisableRealtimeMonitoring", data: "1"}
	case "FirewallInboundConnectionBlocked":
		a.remote = destinationOf(r, "peer")
	case "RemoteDesktopConnection":
		from := logonSource(r, "remote")
		a.remote.ip, a.remote.device, a.remote.port = from.ip, from.host, 3389
	}
}

// ofFile gives a column of a row's file, empty where it has none.
func ofFile(f func(*row) string) valueFunc {
	return text(func(r *row) string {
		if r.activity().file.name == "" {
			return ""
		}
		return f(r)
	})
}

var deviceEventColumns = valueFuncs{
	"FileName": ofFile(func(r *row) string { return r.expand(r.activity().file.name) }),
	"FolderPath": ofFile(func(r *row) string {
		f := r.activity().file
		return r.expand(f.folder + f.name)
	}),
	"SHA1":   ofFile(func(r *row) string { return hexText(r.draw(drawFile), 40) }),
	"SHA256": ofFile(func(r *row) string { return hexText(r.draw(drawFile)+1, 64) }),
	"MD5":    ofFile(func(r *row) string { return hexText(r.draw(drawFile)+2, 32) }),
	"FileSize": func(r *row) value.Value {
		if r.activity().file.name == "" {
			return value.Null(value.Long)
		}
		return fileSize(r)
	},
	"AccountDomain":    ofAccount(accountColumn, domainOf),
	"AccountName":      ofAccount(accountColumn, nameOf),
	"AccountSid":       ofAccount(accountColumn, sidOf),
	"LogonId":          long(func(r *row) int64 { return r.sessionID(accountColumn(r)) }),
	"RemoteUrl":        text(func(r *row) string { return r.expand(r.activity().remote.url) }),
	"RemoteDeviceName": text(func(r *row) string { return r.activity().remote.device }),
	"RemoteIP":         text(func(r *row) string { return r.activity().remote.ip }),
	"RemotePort":       port(func(r *row) int32 { return r.activity().remote.port }),
	"LocalIP": text(func(r *row) string {
		if r.activity().remote.ip == "" {
			return ""
		}
		return r.device.ip
	}),
	"LocalPort":         port(func(r *row) int32 { return r.activity().remote.localPort }),
	"FileOriginUrl":     text(func(r *row) string { return r.activity().file.origin }),
	"FileOriginIP":      text(func(r *row) string { return r.activity().file.ip }),
	"RegistryKey":       ofRegistry(registryKey),
	"RegistryValueName": ofRegistry(registryName),
	"RegistryValueData": ofRegistry(registryData),

	"ProcessId":              long(func(r *row) int64 { return wmiProcess(r).id }),
	"ProcessCreationTime":    moment(func(r *row) int64 { return wmiProcess(r).created }),
	"ProcessCommandLine":     text(func(r *row) string { return r.commandLine(r.activity().created) }),
	"ProcessTokenElevation":  fixed("None"),
	"IsProcessRemoteSession": boolean(func(*row) bool { return false }),
}

// wmiProcess is the process that a few rows report as new; zero in the rest.
func wmiProcess(r *row) instance {
	if r.activity().created.program == nil {
		return instance{}
	}
	return r.createdProcess()
}

// Scenes of DeviceEvents: weight|kinds|who|program|action|Account* columns|RemoteUrl|FileName|AdditionalFields.
var deviceEventScenes = newScenes(5, `
8|c|user|msedge.exe|BrowserLaunchedToOpenUrl||https://{site}||
4|c|user|OUTLOOK.EXE|BrowserLaunchedToOpenUrl|user|https://{site}||
1|c|user|msedge.exe|SmartScreenUrlWarning|user|http://login-{hex}.example-payments.net/||{"Experience":"Phishing","ReferrerUrl":"https://{site}","ActivityId":"{guid}"}
1|c|user|explorer.exe|SmartScreenAppWarning|||installer-{n}.exe|{"Experience":"Untrusted"}
1|c|user|explorer.exe|UsbDriveMounted|user|||{"DriveLetter":"E:","BusType":7,"Manufacturer":"SanDisk","ProductName":"Ultra","ProductRevision":"1.00","SerialNumber":"{serial}","Volume":"\\\\?\\Volume{{guid}}"}
1|c|user|explorer.exe|UsbDriveUnmounted||||{"DriveLetter":"E:","BusType":7,"Manufacturer":"SanDisk","ProductName":"Ultra","SerialNumber":"{serial}"}
1|c|user|explorer.exe|PnpDeviceConnected|user|||{"ClassName":"DiskDrive","DeviceId":"USBSTOR\\Disk&Ven_SanDisk&Prod_Ultra\\{serial}","DeviceDescription":"Disk drive","VendorIds":"[\"USBSTOR\\\\DiskSanDisk\"]"}
6|cj|user|powershell.exe|PowerShellCommand||||{"Command":"Get-ChildItem"}
3|cjs|user|powershell.exe|PowerShellCommand||||{"Command":"Invoke-RestMethod"}
2|cj|user|cmd.exe|ScheduledTaskCreated|user|||{"TaskName":"\\Nightly {repo}","TaskContent":"<Exec><Command>C:\\Scripts\\{repo}.cmd</Command></Exec>","SubjectUserName":"{user}"}
2|cj|user|powershell.exe|LdapSearch||||{"AttributeList":["sAMAccountName","mail"],"DistinguishedName":"DC={domain},DC=local","ScopeOfSearch":"SubTree","SearchFilter":"(&(objectCategory=person)(sAMAccountName={user}))"}
3|c|user|EXCEL.EXE|GetClipboardData||||
2|c|user|chrome.exe|DpapiAccessed||||{"CredentialType":"Chrome","OperationType":"SPCryptUnprotect","DataDescription":"Google Chrome"}
2|c|user|OUTLOOK.EXE|SafeDocFileScan|user||{doc}|{"Experience":"Office","Verdict":"Clean"}
1|c|user|explorer.exe|ShellLinkCreateFileEvent|||{doc}.lnk|{"ShellLinkRunAsAdmin":false}
1|c|user|msedge.exe|SensitiveFileRead|||Login Data|
1|jsfdqi|user|mmc.exe|UserAccountModified|colleague|||{"Attributes":"[\"pwdLastSet\"]"}
1|jsfdqi|user|mmc.exe|UserAccountAddedToLocalGroup|colleague|||{"GroupName":"Administrators","GroupDomainName":"Builtin","GroupSid":"S-1-5-32-544"}
1|jsqi|user|mmc.exe|UserAccountRemovedFromLocalGroup|group|||{"MemberSid":"{colleague}"}
1|c|user|explorer.exe|UsbDriveMounted||||{"DriveLetter":"F:","BusType":7,"ProductName":"Ultra","SerialNumber":"{serial}","LoggedOnUsers":["{upn}"]}
2|jsq|user|svchost.exe|RemoteDesktopConnection|user|||
2|m|user|zsh|ScriptContent|user|||{"ScriptContent":"git pull --rebase"}
1|m|user|Google Chrome|ScreenshotTaken|user|||
2|l|user|bash|ScriptContent|user|||{"ScriptContent":"python3 etl.py"}
8|w|system|MsMpEng.exe|OtherAlertRelatedActivity||||
4|w|system|MsMpEng.exe|AntivirusScanCompleted|system|||{"ScanId":"{guid}","ScanTypeIndex":"Quick","ScanParametersIndex":"Scheduled scan"}
4|w|system|svchost.exe|ScheduledTaskUpdated|computer|||{"TaskName":"\\Microsoft\\Windows\\UpdateOrchestrator\\Schedule Scan","SubjectUserName":"{host}$"}
8|w|system|svchost.exe|NamedPipeEvent||||{"PipeName":"\\Device\\NamedPipe\\{svc}","NamedPipeEnd":"Server","FileOperation":"File opened","SessionId":0}
6|w|network|svchost.exe|DnsQueryResponse||||{"DnsQueryString":"{host}.{domain}.local","DnsQueryResult":"[]"}
4|w|system|lsass.exe|LdapSearch||||{"AttributeList":["objectClass"],"DistinguishedName":"CN=Configuration,DC={domain},DC=local","ScopeOfSearch":"Base","SearchFilter":"(objectClass=*)"}
4|w|local|svchost.exe|ProcessCreatedUsingWmiQuery|local|||
4|w|system|SenseIR.exe|PowerShellCommand||||{"Command":"Get-MpComputerStatus"}
2|w|system|services.exe|ServiceInstalled|system|||{"ServiceName":"{svc}","ServiceAccount":"LocalSystem","ServiceStartType":3,"ServiceType":16}
2|w|trusted|TrustedInstaller.exe|DriverLoad||||
2|w|system|svchost.exe|FirewallInboundConnectionBlocked||||
1|w|system|MsMpEng.exe|TamperingAttempt||||{"Status":"Ignored","TamperingAction":"Registry modification","Target":"DisableRealtimeMonitoring"}
2|d|computer|lsass.exe|DirectoryServiceObjectModified|computer|||{"DirectoryServiceObjectDistinguishedName":"CN={client},OU=Workstations,DC={domain},DC=local"}
3|i|pool|w3wp.exe|ClrUnbackedModuleLoaded||||{"ModuleILPathOrName":"App_Web_{hex}","ModuleFlags":2}
3|q|gmsa|sqlservr.exe|NamedPipeEvent||||{"PipeName":"\\Device\\NamedPipe\\sql\\query","NamedPipeEnd":"Server","FileOperation":"File opened"}
4|m|system|launchd|PlistPropertyModified||||
1|m|mbsetup|mdworker_shared|FileTimestampModificationEvent||||
4|l|system|cron|ScriptContent||||{"ScriptContent":"run-parts --report /etc/cron.hourly"}
2|l|mdatp|wdavdaemon|PTraceDetected||||
`)
