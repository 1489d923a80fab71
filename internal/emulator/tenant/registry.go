package tenant

func tellRegistry(r *row, s *scene, a *activity) {
	a.action = s.fields[0]
	a.registry = registryValue{typ: s.fields[1], key: s.fields[2], name: s.fields[3], data: s.fields[4]}
	if a.action == "RegistryValueSet" && below(r.draw(drawFile), 2) == 0 {
		a.registry.oldData = "0"
	}
}

func ofRegistry(f func(registryValue) string) valueFunc {
	return text(func(r *row) string { return r.expand(f(r.activity().registry)) })
}

// ofOldRegistry gives what was there before; "" of a new value.
func ofOldRegistry(f func(registryValue) string) valueFunc {
	return text(func(r *row) string {
		v := r.activity().registry
		if v.oldData == "" {
			return ""
		}
		return r.expand(f(v))
	})
}

func registryKey(v registryValue) string  { return v.key }
func registryName(v registryValue) string { return v.name }
func registryData(v registryValue) string { return v.data }

var registryColumns = valueFuncs{
	"RegistryKey":               ofRegistry(registryKey),
	"RegistryValueName":         ofRegistry(registryName),
	"RegistryValueType":         ofRegistry(func(v registryValue) string { return v.typ }),
	"RegistryValueData":         ofRegistry(registryData),
	"PreviousRegistryKey":       ofOldRegistry(registryKey),
	"PreviousRegistryValueName": ofOldRegistry(registryName),
	"PreviousRegistryValueData": ofOldRegistry(func(v registryValue) string { return v.oldData }),
}

// Scenes of DeviceRegistryEvents: weight|kinds|who|program|action|type|key|name|data.
var registryScenes = newScenes(5, `
5|cj|user|explorer.exe|RegistryValueSet|Dword|HKEY_CURRENT_USER\SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\Advanced|Hidden|{n2}
3|c|user|WINWORD.EXE|RegistryValueSet|String|HKEY_CURRENT_USER\SOFTWARE\Microsoft\Office\16.0\Word\User MRU\ADAL_{hex}\File MRU|Item {n2}|[F00000000][T01DB{hex}][O00000000]*{home}\OneDrive - {company}\Documents\{doc}
3|c|user|EXCEL.EXE|RegistryValueSet|String|HKEY_CURRENT_USER\SOFTWARE\Microsoft\Office\16.0\Excel\Place MRU|Item {n2}|{home}\OneDrive - {company}\Finance
2|c|user|OneDrive.exe|RegistryValueSet|ExpandString|HKEY_CURRENT_USER\SOFTWARE\Microsoft\Windows\CurrentVersion\Run|OneDrive|"{home}\AppData\Local\Microsoft\OneDrive\OneDrive.exe" /background
1|c|user|setup.exe|RegistryValueSet|String|HKEY_CURRENT_USER\SOFTWARE\Microsoft\Windows\CurrentVersion\Run|Updater{n2}|{home}\AppData\Roaming\upd{hex}\update.exe -silent
2|c|user|msedge.exe|RegistryKeyCreated||HKEY_CURRENT_USER\SOFTWARE\Microsoft\Edge\BLBeacon\{hex}||
2|jsfdqi|user|mmc.exe|RegistryValueSet|Dword|HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\{svc}|Start|{n2}
1|js|user|powershell.exe|RegistryValueDeleted||HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate|TargetReleaseVersion|
10|w|system|svchost.exe|RegistryValueSet|Binary|HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\{svc}\Parameters|LastRun|{hex}{hex}
6|w|system|services.exe|RegistryValueSet|Dword|HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\{svc}|Start|3
6|w|system|MsMpEng.exe|RegistryValueSet|Qword|HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows Defender\Signature Updates|SignaturesLastUpdated|{hex}
3|w|network|svchost.exe|RegistryValueSet|String|HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\DeliveryOptimization\Usage|MonthID|{n2}
3|w|local|svchost.exe|RegistryKeyCreated||HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\bam\State\UserSettings\S-1-5-19\{n}||
3|w|system|TiWorker.exe|RegistryKeyDeleted||HKEY_LOCAL_MACHINE\COMPONENTS\DerivedData\Components\{hex}||
2|w|trusted|TrustedInstaller.exe|RegistryKeyRenamed||HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\{hex}||
3|c|system|IntuneManagementExtension.exe|RegistryValueSet|String|HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\IntuneManagementExtension\SideCarPolicies\Scripts\Reports\{guid}|Result|{"Status":"Success","Code":{n2}}
3|q|gmsa|sqlservr.exe|RegistryValueSet|Dword|HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQLServer|LastBackup|{n}
2|i|pool|w3wp.exe|RegistryValueSet|Dword|HKEY_USERS\.DEFAULT\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings|ProxyEnable|0
`)
