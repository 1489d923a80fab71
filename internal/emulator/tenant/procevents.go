package tenant

func tellProcess(r *row, s *scene, a *activity) {
	a.action = "ProcessCreated"
	a.account = r.accountNamed(s.who)
	a.created = process{program: programNamed(s.fields[1]), account: a.account, command: s.fields[2]}
	// Who started the parent, where that was another account.
	if s.fields[0] != "" {
		a.initiating.account = r.accountNamed(s.fields[0])
	}
}

func ofCreated(f func(*row, *program) string) valueFunc {
	return text(func(r *row) string {
		if p := r.activity().created.program; p != nil {
			return f(r, p)
		}
		return ""
	})
}

var processColumns = valueFuncs{
	"FileName":   ofCreated(func(_ *row, p *program) string { return p.file }),
	"FolderPath": ofCreated(func(r *row, p *program) string { return r.path(p) }),
	"SHA1":       ofCreated(func(_ *row, p *program) string { return p.sha1 }),
	"SHA256":     ofCreated(func(_ *row, p *program) string { return p.sha256 }),
	"MD5":        ofCreated(func(_ *row, p *program) string { return p.md5 }),
	"FileSize":   long(func(r *row) int64 { return r.activity().created.program.size }),

	"ProcessVersionInfoCompanyName":      ofCreated(func(_ *row, p *program) string { return p.company }),
	"ProcessVersionInfoProductName":      ofCreated(func(_ *row, p *program) string { return p.product }),
	"ProcessVersionInfoProductVersion":   ofCreated(func(_ *row, p *program) string { return p.version }),
	"ProcessVersionInfoInternalFileName": ofCreated(func(_ *row, p *program) string { return p.internalName() }),
	"ProcessVersionInfoOriginalFileName": ofCreated(func(_ *row, p *program) string { return p.originalName() }),
	"ProcessVersionInfoFileDescription":  ofCreated(func(_ *row, p *program) string { return p.description }),

	"ProcessId":             long(func(r *row) int64 { return r.createdProcess().id }),
	"ProcessCommandLine":    text(func(r *row) string { return r.commandLine(r.activity().created) }),
	"ProcessCreationTime":   moment(func(r *row) int64 { return r.createdProcess().created }),
	"ProcessUniqueId":       text(func(r *row) string { return r.createdProcess().uniqueID(r.device) }),
	"ProcessIntegrityLevel": ofAccount(accountColumn, integrityOf),
	"ProcessTokenElevation": ofAccount(accountColumn, elevationOf),

	"AccountDomain":   ofAccount(accountColumn, domainOf),
	"AccountName":     ofAccount(accountColumn, nameOf),
	"AccountSid":      ofAccount(accountColumn, sidOf),
	"AccountUpn":      ofAccount(accountColumn, upnOf),
	"AccountObjectId": ofAccount(accountColumn, objectIDOf),
	"LogonId":         long(func(r *row) int64 { return r.sessionID(accountColumn(r)) }),

	"CreatedProcessSessionId":        terminalSession,
	"IsProcessRemoteSession":         inRemoteSession,
	"ProcessRemoteSessionDeviceName": remoteSessionDevice,
	"ProcessRemoteSessionIP":         remoteSessionIP,
}

// Scenes of DeviceProcessEvents: weight|kinds|who|parent|account of the parent, if another|child|command line.
var processScenes = newScenes(3, `
4|c|user|explorer.exe||WINWORD.EXE|
4|c|user|explorer.exe||EXCEL.EXE|
2|c|user|explorer.exe||POWERPNT.EXE|
2|c|user|explorer.exe||OUTLOOK.EXE|
6|c|user|msedge.exe||msedge.exe|"msedge.exe" --type=renderer --string-annotations --lang=en-US --renderer-client-id={n} --time-ticks-at-unix-epoch=-17{n} /prefetch:1
5|c|user|chrome.exe||chrome.exe|"chrome.exe" --type=utility --utility-sub-type=network.mojom.NetworkService --lang=en-US --field-trial-handle={n},i,{n2} /prefetch:8
4|c|user|ms-teams.exe||msedgewebview2.exe|
2|c|user|explorer.exe||OneDrive.exe|
2|cj|user|explorer.exe||powershell.exe|
2|cj|user|powershell.exe||powershell.exe|powershell.exe -NoProfile -Command "Get-ADUser -Filter 'Enabled -eq $true' | Select-Object -First {n2}"
2|cj|user|explorer.exe||cmd.exe|
2|c|user|explorer.exe||Code.exe|
5|c|user|Code.exe||git.exe|git.exe -c core.quotepath=false fetch --prune origin
3|c|user|cmd.exe||python.exe|python.exe "{home}\src\{repo}\main.py" --input "C:\Data\{doc}"
2|c|user|Code.exe||node.exe|
1|c|user|powershell.exe||ssh.exe|
2|c|user|explorer.exe||mstsc.exe|
2|jsfdqi|user|explorer.exe||mmc.exe|
1|jsfd|user|cmd.exe||schtasks.exe|schtasks /create /tn "Nightly {repo}" /tr "C:\Scripts\{repo}.cmd" /sc daily /st 02:00
1|c|user|explorer.exe||7zFM.exe|
2|c|user|explorer.exe||notepad++.exe|
1|c|user|explorer.exe||setup.exe|
4|cj|user|svchost.exe|system|RuntimeBroker.exe|
4|c|user|svchost.exe|system|backgroundTaskHost.exe|
1|c|user|explorer.exe||powershell.exe|powershell.exe -Command "Write-Host 'naïve ☕ \u202e'{nl}$x = @{ 'a b' = 1 | Out-String }{nl}#	end"
1|cj|user|winlogon.exe|system|userinit.exe|
4|m|user|launchd|system|Google Chrome|
2|m|user|launchd|system|Microsoft Outlook|
3|m|user|Finder||zsh|
2|m|user|zsh||git|git commit -m "fix {repo}"
2|l|user|sshd|system|bash|
3|l|user|bash||python3.12|python3 {home}/src/{repo}/etl.py --since 2026-01-{n2}
3|l|user|bash||git|
10|w|system|services.exe||svchost.exe|C:\Windows\system32\svchost.exe -k netsvcs -p -s {svc}
4|w|local|services.exe|system|svchost.exe|C:\Windows\system32\svchost.exe -k LocalServiceNetworkRestricted -p -s {svc}
5|w|network|services.exe|system|svchost.exe|C:\Windows\system32\svchost.exe -k NetworkService -p -s {svc}
4|w|network|svchost.exe|system|WmiPrvSE.exe|
8|w|system|svchost.exe||taskhostw.exe|
5|w|system|MsSense.exe||SenseIR.exe|
3|w|local|MsSense.exe|system|SenseCE.exe|
5|w|system|MsMpEng.exe||MpCmdRun.exe|
3|w|system|svchost.exe||MoUsoCoreWorker.exe|
2|w|system|svchost.exe||TiWorker.exe|
1|w|trusted|services.exe|system|TrustedInstaller.exe|
2|w|system|svchost.exe||gpupdate.exe|
2|w|dwm|winlogon.exe|system|dwm.exe|
2|w|umfd|wininit.exe|system|fontdrvhost.exe|
2|c|system|IntuneManagementExtension.exe||powershell.exe|"powershell.exe" -executionPolicy bypass -file "C:\Program Files (x86)\Microsoft Intune Management Extension\Content\DetectionScripts\{guid}_1\detect.ps1"
4|i|pool|svchost.exe|system|w3wp.exe|
4|q|gmsa|services.exe|system|sqlservr.exe|
2|q|mssql|services.exe|system|sqlceip.exe|
6|m|system|launchd||softwareupdated|
4|m|windowsv|launchd|system|WindowServer|
2|m|mbsetup|launchd|system|mdworker_shared|
6|l|system|systemd||cron|
4|l|system|cron||bash|/bin/sh -c "test -x /usr/sbin/anacron || run-parts --report /etc/cron.hourly"
3|l|www|systemd|system|nginx|
3|l|mdatp|systemd|system|wdavdaemon|
2|l|agent|systemd|system|cron|
1|l|container|systemd|system|bash|/app/serve
2|l|system|systemd||apt-get|
`)
