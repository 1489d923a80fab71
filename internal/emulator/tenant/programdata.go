package tenant

const programLines = `
System|root|oth||0+||
smss.exe|sys|win|Windows Session Manager|156672+|System|\SystemRoot\System32\smss.exe
wininit.exe|sys|win|Windows Start-Up Application|418304+|smss.exe|wininit.exe
winlogon.exe|sys|win|Windows Logon Application|936448+|smss.exe|winlogon.exe
services.exe|sys|win|Services and Controller app|758312+|wininit.exe|services.exe
lsass.exe|sys|win|Local Security Authority Process|83592+|wininit.exe|lsass.exe
svchost.exe|sys|win|Host Process for Windows Services|57528+|services.exe|svchost.exe -k netsvcs -p -s {svc}
dwm.exe|sys|win|Desktop Window Manager|106496+|winlogon.exe|"dwm.exe"
fontdrvhost.exe|sys|win|Usermode Font Driver Host|845312+|wininit.exe|"fontdrvhost.exe"
spoolsv.exe|sys|win|Spooler SubSystem App|873984+|services.exe|C:\Windows\System32\spoolsv.exe
taskhostw.exe|sys|win|Host Process for Windows Tasks|107520|svchost.exe|taskhostw.exe {guid}
backgroundTaskHost.exe|sys|win|Background Task Host|27136|svchost.exe|"backgroundTaskHost.exe" -ServerName:App.AppX{hex}.mca
RuntimeBroker.exe|sys|win|Runtime Broker|121344|svchost.exe|C:\Windows\System32\RuntimeBroker.exe -Embedding
dllhost.exe|sys|win|COM Surrogate|21360|svchost.exe|C:\Windows\system32\DllHost.exe /Processid:{{guid}}
WmiPrvSE.exe|sys wbem\|win|WMI Provider Host|496640|svchost.exe|C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding
conhost.exe|sys|win|Console Window Host|885760|cmd.exe|\??\C:\Windows\system32\conhost.exe 0xffffffff -ForceV1
gpupdate.exe|sys|win|Microsoft Group Policy Update Utility|38400|svchost.exe|"gpupdate.exe" /target:computer
userinit.exe|sys|win|Userinit Logon Application|36864|winlogon.exe|C:\Windows\system32\userinit.exe
explorer.exe|win|win|Windows Explorer|5343968+|userinit.exe|C:\Windows\Explorer.EXE
LogonUI.exe|sys|win|Windows Logon User Interface Host|13824|winlogon.exe|"LogonUI.exe" /flags:0x2 /state0:0xa3c
MsSense.exe|mde|ms|Windows Defender Advanced Threat Protection Service|5843112+|services.exe|"MsSense.exe"
SenseIR.exe|mde|ms|Windows Defender Advanced Threat Protection Sense IR module|1246912|MsSense.exe|"SenseIR.exe" "OnlineSenseIR" "{n}" "{guid}"
SenseCE.exe|mde Classification\|ms|Windows Defender Advanced Threat Protection Sense CE module|811008|MsSense.exe|"SenseCE.exe"
MsMpEng.exe|mav|ms|Antimalware Service Executable|133592+|services.exe|"MsMpEng.exe"
MpCmdRun.exe|mav|ms|Microsoft Malware Protection Command Line Utility|1566640|MsMpEng.exe|"MpCmdRun.exe" Scan -ScheduleJob -RestrictPrivileges
TiWorker.exe|win WinSxS\amd64_microsoft-windows-servicingstack_{hex}\|win|Windows Modules Installer Worker|228864|svchost.exe|TiWorker.exe -Embedding
TrustedInstaller.exe|win servicing\|win|Windows Modules Installer|195072|services.exe|C:\Windows\servicing\TrustedInstaller.exe
MoUsoCoreWorker.exe|sys|win|MoUSO Core Worker Process|3452928|svchost.exe|C:\Windows\uus\AMD64\MoUsoCoreWorker.exe -Embedding
SearchIndexer.exe|sys|win|Microsoft Windows Search Indexer|932352+|services.exe|C:\Windows\system32\SearchIndexer.exe /Embedding
schtasks.exe|sys|win|Task Scheduler Configuration Tool|235008|cmd.exe|schtasks /query /fo csv
w3wp.exe|sys inetsrv\|win|IIS Worker Process|32768+|svchost.exe|c:\windows\system32\inetsrv\w3wp.exe -ap "DefaultAppPool" -v "v4.0"
sqlservr.exe|pf Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQL\Binn\|sql|SQL Server Windows NT - 64 Bit|657984+|services.exe|"sqlservr.exe" -sMSSQLSERVER
sqlceip.exe|pf Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQL\Binn\|sql|Sql Server Telemetry Client|305152+|services.exe|"sqlceip.exe" -Service
IntuneManagementExtension.exe|x86 Microsoft Intune Management Extension\|ms|Microsoft Intune Management Extension|3182080+|services.exe|"Microsoft.Management.Services.IntuneWindowsAgent.exe"
WINWORD.EXE|off|off|Microsoft Word|1637128|explorer.exe|"WINWORD.EXE" /n "{home}\OneDrive - {company}\Documents\{doc}" /o ""
EXCEL.EXE|off|off|Microsoft Excel|66985216|explorer.exe|"EXCEL.EXE" "{home}\OneDrive - {company}\Documents\{doc}"
POWERPNT.EXE|off|off|Microsoft PowerPoint|1867024|explorer.exe|"POWERPNT.EXE" "{home}\OneDrive - {company}\Documents\{doc}" /ou ""
OUTLOOK.EXE|off|off|Microsoft Outlook|44871000|explorer.exe|"OUTLOOK.EXE" 
msedge.exe|x86 Microsoft\Edge\Application\|ms|Microsoft Edge|4312608|explorer.exe|"msedge.exe" --profile-directory=Default
chrome.exe|pf Google\Chrome\Application\|goo|Google Chrome|3149920|explorer.exe|"C:\Program Files\Google\Chrome\Application\chrome.exe" 
ms-teams.exe|pf WindowsApps\MSTeams_24277.3507.3205.5228_x64__8wekyb3d8bbwe\|ms|Microsoft Teams|340520|explorer.exe|"ms-teams.exe" msteams:system-initiated
msedgewebview2.exe|x86 Microsoft\EdgeWebView\Application\|ms|Microsoft Edge WebView2|3821608|ms-teams.exe|"msedgewebview2.exe" --embedded-browser-webview=1 --webview-exe-name=ms-teams.exe
OneDrive.exe|app Microsoft\OneDrive\|ms|Microsoft OneDrive|4421488|explorer.exe|"OneDrive.exe" /background
powershell.exe|sys WindowsPowerShell\v1.0\|win|Windows PowerShell|448000|explorer.exe|"powershell.exe" 
cmd.exe|sys|win|Windows Command Processor|289792|explorer.exe|"C:\Windows\system32\cmd.exe" 
Code.exe|app Programs\Microsoft VS Code\|ms|Visual Studio Code|172612568|explorer.exe|"Code.exe" "{home}\src\{repo}"
git.exe|pf Git\cmd\|git|Git for Windows|45584|Code.exe|git.exe status -z -uall
python.exe|app Programs\Python\Python312\|py|Python|103192|cmd.exe|python.exe -m pytest tests -q
node.exe|pf nodejs\|oth|Node.js JavaScript Runtime|72345600|Code.exe|node.exe server.js
ssh.exe|sys OpenSSH\|ms|OpenSSH for Windows|980992|powershell.exe|ssh.exe {user}@lnx-app-01
mstsc.exe|sys|win|Remote Desktop Connection|1376256|explorer.exe|"mstsc.exe" /v:jump-01
mmc.exe|sys|win|Microsoft Management Console|1982464|explorer.exe|"mmc.exe" "C:\Windows\system32\dsa.msc"
7zFM.exe|pf 7-Zip\|iss|7-Zip File Manager|952832|explorer.exe|"7zFM.exe" "{home}\Downloads\export-{n}.zip"
notepad++.exe|pf Notepad++\|npp|Notepad++|7344624|explorer.exe|"notepad++.exe" "{home}\Documents\notes-{n2}.txt"
setup.exe|app Temp\|oth||8812032|explorer.exe|"setup.exe" /S
launchd|root /sbin/|oth||843264+||/sbin/launchd
loginwindow|root /System/Library/CoreServices/loginwindow.app/Contents/MacOS/|oth||1623040+|launchd|/System/Library/CoreServices/loginwindow.app/Contents/MacOS/loginwindow console
Finder|root /System/Library/CoreServices/Finder.app/Contents/MacOS/|oth||14832128+|launchd|/System/Library/CoreServices/Finder.app/Contents/MacOS/Finder
Google Chrome|apps Google Chrome.app/Contents/MacOS/|oth||284176|launchd|/Applications/Google Chrome.app/Contents/MacOS/Google Chrome
Microsoft Outlook|apps Microsoft Outlook.app/Contents/MacOS/|oth||54721904|launchd|/Applications/Microsoft Outlook.app/Contents/MacOS/Microsoft Outlook
zsh|root /bin/|oth||1377872|Finder|-zsh
softwareupdated|root /usr/libexec/|oth||2211344+|launchd|/usr/libexec/softwareupdated
mdworker_shared|root /System/Library/Frameworks/CoreServices.framework/Support/|oth||1140224|launchd|mdworker_shared -s mdworker -c MDSImporterWorker -m com.apple.mdworker.shared
WindowServer|root /System/Library/PrivateFrameworks/SkyLight.framework/Resources/|oth||590000+|launchd|WindowServer -daemon
wdavdaemon|root /opt/microsoft/mdatp/sbin/|oth||21345280+|systemd|/opt/microsoft/mdatp/sbin/wdavdaemon
systemd|root /usr/lib/systemd/|oth||1849992+||/sbin/init
cron|sbin|oth||59120+|systemd|/usr/sbin/cron -f
sshd|sbin|oth||921288+|systemd|sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups
nginx|sbin|oth||1239416+|systemd|nginx: worker process
bash|bin|oth||1396520|sshd|-bash
python3.12|bin|oth||8019136|bash|python3 -m http.server 8080
apt-get|bin|oth||51544|systemd|apt-get -qq -y update
git|bin|oth||3704160|bash|git pull --rebase
ssh|bin|oth||1243008|zsh|ssh {user}@lnx-app-01
`
