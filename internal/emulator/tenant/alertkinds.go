package tenant

import (
	"fmt"
	"strings"
)

// alertKind is one thing that alerts are about.
type alertKind struct {
	title, category, severity, service, detection string
	techniques                                    string // JSON
	evidence                                      []string
	program                                       *program
	command                                       string
}

var alertServices = map[string]string{
	"mde": "Microsoft Defender for Endpoint", "mdi": "Microsoft Defender for Identity", "mdo": "Microsoft Defender for Office 365",
	"mcas": "Microsoft Cloud App Security", "aad": "AAD Identity Protection",
}

// alertKinds are read from lines `service|detection source|severity|category|title|techniques|evidence|program|command line`.
var alertKinds = func() []*alertKind {
	var all []*alertKind
	for line := range strings.Lines(alertLines) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		f := strings.SplitN(line, "|", 9)
		service, ok := alertServices[f[0]]
		if len(f) != 9 || !ok {
			panic(fmt.Sprintf("BUG: alert %q", line))
		}
		k := &alertKind{
			service: service, detection: f[1], severity: f[2], category: f[3], title: f[4],
			evidence: strings.Fields(f[6]), command: f[8],
		}
		if f[5] != "" {
			k.techniques = `["` + strings.ReplaceAll(f[5], ";", `","`) + `"]`
		}
		if f[7] != "" {
			k.program = programNamed(f[7])
		}
		all = append(all, k)
	}
	return all
}()

const alertLines = `
mde|EDR|Medium|Execution|Suspicious PowerShell command line|PowerShell (T1059.001);Command and Scripting Interpreter (T1059)|Machine User Process File|powershell.exe|powershell.exe -NoP -W Hidden -Enc SQBFAFgA{hex}
mde|EDR|Low|Discovery|Suspicious sequence of exploration activities|System Owner/User Discovery (T1033);Account Discovery (T1087)|Machine User Process Process Process|cmd.exe|cmd.exe /c whoami /all & net group "Domain Admins" /domain
mde|EDR|High|CredentialAccess|Suspicious access to LSASS service|OS Credential Dumping (T1003);LSASS Memory (T1003.001)|Machine User Process File Ip|cmd.exe|cmd.exe /c rundll32.exe comsvcs.dll, MiniDump {n} C:\Temp\{hex}.dmp full
mde|Antivirus|Informational|Malware|'Wacatac' malware was prevented|User Execution (T1204)|Machine User File|setup.exe|
mde|SmartScreen|Medium|InitialAccess|Connection to a custom network indicator|Phishing (T1566)|Machine User Url Ip|msedge.exe|
mde|EDR|Medium|Persistence|Anomaly detected in ASEP registry|Registry Run Keys / Startup Folder (T1547.001)|Machine User Process RegistryValue|setup.exe|
mde|CustomDetection|Medium|Exfiltration|Large upload to a personal cloud storage|Exfiltration Over Web Service (T1567)|User Machine Ip Url|chrome.exe|
mde|EDR|Medium|LateralMovement|Suspicious remote desktop session|Remote Desktop Protocol (T1021.001)|User Machine OtherMachine Ip|mstsc.exe|
mdo|MicrosoftDefenderForOffice365|Low|InitialAccess|Email messages containing malicious URL removed after delivery|Phishing (T1566)|MailMessage OtherMailMessage Url User||
mdo|MicrosoftDefenderForOffice365|High|InitialAccess|A potentially malicious URL click was detected|Spearphishing Link (T1566.002)|User MailMessage Url||
mdi|MicrosoftDefenderForIdentity|Medium|CredentialAccess|Suspected brute-force attack (Kerberos, NTLM)|Brute Force (T1110);Password Spraying (T1110.003)|User OtherUser Machine Ip||
aad|AzureADIdentityProtection|High|InitialAccess|Anonymous IP address|Valid Accounts (T1078)|User Ip||
mcas|CloudAppSecurity|Medium|InitialAccess|Impossible travel activity|Cloud Accounts (T1078.004)|User Ip Ip CloudApplication||
mde|AutomatedInvestigation|Informational|SuspiciousActivity|Suspicious activity linked to an automated investigation||Machine File||
`
