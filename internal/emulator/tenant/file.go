package tenant

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

func tellFile(r *row, s *scene, a *activity) {
	a.action = s.fields[0]
	a.file.folder, a.file.name = s.fields[2], s.fields[3]
	switch s.fields[1] {
	case "download":
		from := pick(r.draw(drawRemote), hosts["web"])
		a.file.origin = "https://" + r.table.tenant.named(from.name) + "/files/" + hexText(r.key, 8)
		a.file.referrer, a.file.ip = "https://"+r.table.tenant.named(from.name)+"/", from.address(r.key)
		a.request = request{protocol: "Local", account: a.initiating.account}
	case "smb":
		// The server's kernel writes the file; who asked for it stands in the request.
		a.initiating.account = r.device.accounts[bySystem]
		a.request = request{protocol: "SMB", share: shareOf(a.file.folder), account: r.accountNamed(s.who)}
		a.request.from = logonSource(r, "remote")
		if s.who == byComputer {
			a.request.account = a.request.from.accounts[byComputer]
		}
	case "own":
		a.request = request{protocol: "Local", account: a.initiating.account}
		if below(r.draw(drawRemote), 4) == 0 {
			a.request.account = r.device.accounts[bySystem]
		}
	case "local":
		a.request = request{protocol: "Local", account: r.device.accounts[bySystem]}
	}
	if a.action == "FileRenamed" {
		a.file.oldFolder, a.file.oldName = a.file.folder, "~$"+a.file.name+".tmp"
	}
}

// shareOf is the share in which a file server's folder lies.
func shareOf(folder string) string {
	parts := strings.Split(folder, `\`)
	return parts[min(2, len(parts)-1)]
}

func requestAccount(r *row) *account { return r.activity().request.account }

// fileHash is empty for a file that is gone.
func fileHash(part uint64, digits int) valueFunc {
	return text(func(r *row) string {
		if r.activity().action == "FileDeleted" {
			return ""
		}
		return hexText(r.draw(drawFile)+part, digits)
	})
}

var fileColumns = valueFuncs{
	"FileName": text(func(r *row) string { return r.expand(r.activity().file.name) }),
	"FolderPath": text(func(r *row) string {
		f := r.activity().file
		return r.expand(f.folder + f.name)
	}),
	"PreviousFileName": text(func(r *row) string { return r.expand(r.activity().file.oldName) }),
	"PreviousFolderPath": text(func(r *row) string {
		return strings.TrimRight(r.expand(r.activity().file.oldFolder), `\/`)
	}),
	"SHA1":                  fileHash(0, 40),
	"SHA256":                fileHash(1, 64),
	"MD5":                   fileHash(2, 32),
	"FileSize":              fileSize,
	"FileOriginUrl":         text(func(r *row) string { return r.activity().file.origin }),
	"FileOriginReferrerUrl": text(func(r *row) string { return r.activity().file.referrer }),
	"FileOriginIP":          text(func(r *row) string { return r.activity().file.ip }),

	"RequestProtocol":      text(func(r *row) string { return r.activity().request.protocol }),
	"RequestAccountName":   ofAccount(requestAccount, requestName),
	"RequestAccountDomain": ofAccount(requestAccount, func(a *account) string { return strings.ToUpper(a.domain) }),
	"RequestAccountSid":    ofAccount(requestAccount, sidOf),
	"RequestSourceIP": text(func(r *row) string {
		if from := r.activity().request.from; from != nil {
			return from.ip
		}
		return ""
	}),
	"RequestSourcePort": port(func(r *row) int32 {
		if r.activity().request.from == nil {
			return 0
		}
		return int32(49_152 + below(r.draw(drawPort), 16_000))
	}),
	"ShareName": text(func(r *row) string { return r.activity().request.share }),

	"SensitivityLabel":    text(func(r *row) string { return sensitivityOf(r).label }),
	"SensitivitySubLabel": text(func(r *row) string { return sensitivityOf(r).sub }),
	"IsAzureInfoProtectionApplied": func(r *row) value.Value {
		if sensitivityOf(r).label == "" {
			return value.Null(value.Bool)
		}
		return value.NewBool(true)
	},
}

// requestName is an account's name where Windows' own accounts are written in capitals.
func requestName(a *account) string {
	if a.human {
		return a.name
	}
	return strings.ToUpper(a.name)
}

func fileSize(r *row) value.Value {
	if r.activity().action == "FileDeleted" {
		return value.Null(value.Long)
	}
	return value.NewLong(int64(1+below(r.draw(drawSize), 4_000)) * int64(1+below(r.draw(drawFile), 1_000)))
}

type sensitivityLabel struct{ label, sub string }

var sensitivityLabels = []sensitivityLabel{{"Confidential", "All employees"}, {"Confidential", "Finance"}, {"Highly Confidential", ""}, {"General", ""}}

// sensitivityOf is the label of a document; few have one.
func sensitivityOf(r *row) sensitivityLabel {
	h := r.draw(drawLabel)
	if !strings.Contains(r.activity().file.name, "{doc}") || below(h, 12) != 0 {
		return sensitivityLabel{}
	}
	return pick(derive(h, 0), sensitivityLabels)
}

// Scenes of DeviceFileEvents: weight|kinds|who|program|action|how|folder|name.
var fileScenes = newScenes(4, `
5|c|user|WINWORD.EXE|FileModified|own|{home}\OneDrive - {company}\Documents\|{doc}
4|c|user|EXCEL.EXE|FileModified|own|{home}\OneDrive - {company}\Finance\|{doc}
3|c|user|POWERPNT.EXE|FileCreated|own|{home}\OneDrive - {company}\Presentations\|{doc}
3|c|user|WINWORD.EXE|FileRenamed|own|{home}\OneDrive - {company}\Documents\|{doc}
4|c|user|OneDrive.exe|FileCreated|own|{home}\OneDrive - {company}\Shared\|{doc}
4|c|user|msedge.exe|FileCreated|download|{home}\Downloads\|{doc}
3|c|user|chrome.exe|FileCreated|download|{home}\Downloads\|export-{n}.zip
3|c|user|explorer.exe|FileDeleted|own|{home}\Downloads\|{doc}
2|c|user|explorer.exe|FileCreated|own|E:\|{doc}
4|c|user|git.exe|FileCreated|own|{home}\src\{repo}\.git\objects\{n2}\|{hex}{hex}
3|c|user|Code.exe|FileModified|own|{home}\src\{repo}\|main_{n2}.py
2|c|user|python.exe|FileCreated||{home}\src\{repo}\out\|report-{n}.csv
2|c|user|OUTLOOK.EXE|FileCreated|own|{home}\AppData\Local\Microsoft\Windows\INetCache\Content.Outlook\{hex}\|{doc}
8|f|user|System|FileCreated|smb|D:\Shares\Finance\|{doc}
6|f|user|System|FileModified|smb|D:\Shares\Projects\{repo}\|{doc}
3|f|user|System|FileDeleted|smb|D:\Shares\Projects\{repo}\|{doc}
2|f|user|System|FileRenamed|smb|D:\Shares\HR\|{doc}
3|jsqi|user|explorer.exe|FileCreated|own|C:\Temp\|{doc}
3|jd|user|powershell.exe|FileCreated||C:\Scripts\|{repo}-{n2}.ps1
4|m|user|Google Chrome|FileCreated||{home}/Downloads/|{doc}
3|m|user|Finder|FileRenamed||{home}/Documents/|{doc}
2|m|user|git|FileCreated||{home}/src/{repo}/.git/objects/{n2}/|{hex}{hex}
3|l|user|python3.12|FileCreated||{home}/src/{repo}/out/|report-{n}.csv
2|l|user|git|FileModified||{home}/src/{repo}/|main_{n2}.py
8|w|system|svchost.exe|FileCreated|local|C:\Windows\SoftwareDistribution\Download\{hex}\|{guid}.cab
6|w|system|MsMpEng.exe|FileCreated|local|C:\ProgramData\Microsoft\Windows Defender\Scans\History\Store\|{hex}.bin
5|w|system|MsSense.exe|FileCreated|local|C:\ProgramData\Microsoft\Windows Defender Advanced Threat Protection\Temp\|PSScript_{{guid}}.ps1
4|w|network|svchost.exe|FileModified|local|C:\Windows\ServiceProfiles\NetworkService\AppData\Local\Microsoft\Windows\DeliveryOptimization\Cache\{hex}\|content.bin
3|w|local|svchost.exe|FileModified|local|C:\Windows\ServiceProfiles\LocalService\AppData\Local\|FontCache-{n2}.dat
3|w|system|TiWorker.exe|FileCreated|local|C:\Windows\WinSxS\Temp\InFlight\{hex}\|{hex}.manifest
2|w|trusted|TrustedInstaller.exe|FileRenamed|local|C:\Windows\System32\|{hex}.dll
2|c|system|IntuneManagementExtension.exe|FileCreated|local|C:\ProgramData\Microsoft\IntuneManagementExtension\Logs\|AgentExecutor-{n}.log
3|w|system|SearchIndexer.exe|FileModified|local|C:\ProgramData\Microsoft\Search\Data\Applications\Windows\|Windows-{n2}.edb
3|f|computer|System|FileModified|smb|D:\Shares\Backup\|{client}.vhdx
4|q|gmsa|sqlservr.exe|FileModified||E:\MSSQL\Backup\|erp_{n}.bak
3|i|pool|w3wp.exe|FileCreated||C:\inetpub\temp\IIS Temporary Compressed Files\|{hex}.tmp
6|m|system|softwareupdated|FileCreated||/private/var/folders/zz/{hex}/T/|{guid}.pkg
2|m|mbsetup|mdworker_shared|FileModified||/private/var/db/|{hex}.plist
6|l|system|apt-get|FileCreated||/var/cache/apt/archives/partial/|lib{hex}.deb
3|l|mdatp|wdavdaemon|FileModified||/var/opt/microsoft/mdatp/|state-{n2}.json
3|l|www|nginx|FileCreated||/var/cache/nginx/|{hex}
`)
