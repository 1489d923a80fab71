package tenant

import (
	"net/netip"
	"strconv"
	"strings"
)

func tellNetwork(r *row, s *scene, a *activity) {
	a.action, a.additional = s.fields[0], s.fields[2]
	a.remote = destinationOf(r, s.fields[1])
}

// destination draws the other end: a group of hosts, then a host of it.
func destinationOf(r *row, group string) remote {
	h := r.draw(drawRemote)
	d := remote{protocol: "Tcp", localPort: int32(49_152 + below(r.draw(drawPort), 16_000))}
	tenant := r.table.tenant
	toDevice := func(k kind, port int32) {
		server := pick(h, tenant.fleet.byKind[k])
		d.ip, d.port, d.url = server.ip, port, server.fqdn
	}
	switch group {
	case "dns":
		toDevice(kindDomain, 53)
		d.protocol, d.url = "Udp", ""
	case "ldap":
		toDevice(kindDomain, 389)
	case "kerberos":
		toDevice(kindDomain, 88)
	case "smb":
		toDevice(kindFileServer, 445)
	case "rdp":
		toDevice(kindJump, 3389)
	case "sql":
		toDevice(kindSQL, 1433)
	case "ssh":
		toDevice(kindLinux, 22)
	case "listen":
		d.localPort, d.ip = 8000+int32(below(h, 100)), "0.0.0.0"
	case "peer":
		// Somebody else opens the connection to this device.
		from := pick(h, tenant.fleet.all)
		d.ip, d.port, d.localPort = from.ip, d.localPort, pick(derive(h, 0), inboundPorts)
	default:
		to := pick(h, hosts[group])
		d.url, d.ip, d.port = tenant.named(to.name), to.address(derive(h, 1)), to.port
	}
	return d
}

var inboundPorts = []int32{135, 445, 3389, 5985, 7680, 443}

// host is one on the internet.
type host struct {
	name, net string
	port      int32
}

func (h host) address(draw uint64) string { return h.net + itoa(1+below(draw, 254)) }

// hosts are read from lines `group: name net port, ...`.
var hosts = func() map[string][]host {
	all := map[string][]host{}
	for line := range strings.Lines(hostLines) {
		group, list, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for entry := range strings.SplitSeq(list, ", ") {
			f := strings.Fields(entry)
			if len(f) != 3 {
				continue
			}
			port, err := strconv.ParseInt(f[2], 10, 32)
			if err != nil {
				panic("BUG: host " + entry)
			}
			all[group] = append(all[group], host{f[0], f[1], int32(port)})
		}
	}
	return all
}()

const hostLines = `
web: www.bing.com 204.79.197. 443, github.com 140.82.121. 443, acme.sharepoint.com 52.107.224. 443, www.linkedin.com 13.107.42. 443, acme.atlassian.net 104.192.142. 443, slack.com 54.192.10. 443, www.google.com 142.250.185. 443, cdn.jsdelivr.net 151.101.1. 443, login.microsoftonline.com 20.190.160. 443, neverssl.com 34.223.124. 80
office: outlook.office365.com 52.97.146. 443, graph.microsoft.com 20.190.151. 443, acme-my.sharepoint.com 13.107.136. 443, officeclient.microsoft.com 52.109.76. 443
teams: teams.microsoft.com 52.113.194. 443, eu-api.asm.skype.com 52.114.75. 443, presence.teams.microsoft.com 52.123.128. 443
code: github.com 140.82.121. 443, pypi.org 151.101.0. 443, registry.npmjs.org 104.16.25. 443, objects.githubusercontent.com 185.199.108. 443
sensor: eu-v20.events.endpoint.security.microsoft.com 20.54.36. 443, unitedstates.cp.wd.microsoft.com 20.72.205. 443, winatp-gw-weu.microsoft.com 20.101.50. 443
update: fe2cr.update.microsoft.com 20.109.209. 443, dl.delivery.mp.microsoft.com 23.55.220. 80, ctldl.windowsupdate.com 93.184.221. 80, settings-win.data.microsoft.com 51.104.136. 443
apple: swcdn.apple.com 17.253.57. 443, gdmf.apple.com 17.32.214. 443, mesu.apple.com 17.253.83. 443
linux: archive.ubuntu.com 91.189.91. 80, motd.ubuntu.com 54.217.10. 443
time: time.windows.com 168.61.215. 123
`

// ipType sorts an address as the service does; "" of none.
func ipType(ip string) string {
	a, err := netip.ParseAddr(ip)
	switch {
	case err != nil:
		return ""
	case a.IsLoopback():
		return "Loopback"
	case a.IsPrivate():
		return "Private"
	case a.IsUnspecified():
		return "Reserved"
	}
	return "Public"
}

var networkColumns = valueFuncs{
	"RemoteIP":     text(func(r *row) string { return r.activity().remote.ip }),
	"RemotePort":   port(func(r *row) int32 { return r.activity().remote.port }),
	"RemoteUrl":    text(func(r *row) string { return r.activity().remote.url }),
	"LocalIP":      text(func(r *row) string { return r.device.ip }),
	"LocalPort":    port(func(r *row) int32 { return r.activity().remote.localPort }),
	"Protocol":     text(func(r *row) string { return r.activity().remote.protocol }),
	"LocalIPType":  text(func(r *row) string { return ipType(r.device.ip) }),
	"RemoteIPType": text(func(r *row) string { return ipType(r.activity().remote.ip) }),
}

// Scenes of DeviceNetworkEvents: weight|kinds|who|program|action|destination|AdditionalFields.
var networkScenes = newScenes(3, `
10|c|user|msedge.exe|ConnectionSuccess|web|
8|c|user|chrome.exe|ConnectionSuccess|web|
5|c|user|OUTLOOK.EXE|ConnectionSuccess|office|
5|c|user|ms-teams.exe|ConnectionSuccess|teams|
3|c|user|OneDrive.exe|ConnectionSuccess|office|
2|c|user|WINWORD.EXE|ConnectionSuccess|office|
2|c|user|git.exe|ConnectionSuccess|code|
2|c|user|python.exe|ConnectionSuccess|code|
1|c|user|python.exe|ConnectionSuccess|sql|
2|c|user|node.exe|ConnectionSuccess|code|
1|c|user|node.exe|ListeningConnectionCreated|listen|
1|c|user|msedge.exe|ConnectionFailed|web|
1|c|user|mstsc.exe|ConnectionSuccess|rdp|
1|c|user|ssh.exe|ConnectionSuccess|ssh|
3|j|user|mstsc.exe|ConnectionSuccess|rdp|
3|jsfdqi|user|mmc.exe|ConnectionSuccess|ldap|
3|j|user|powershell.exe|ConnectionSuccess|ldap|
4|m|user|Google Chrome|ConnectionRequest|web|
3|m|user|Microsoft Outlook|ConnectionSuccess|office|
2|m|user|ssh|ConnectionSuccess|ssh|
3|l|user|python3.12|ConnectionRequest|code|
2|l|user|git|ConnectionSuccess|code|
10|w|system|MsSense.exe|ConnectionSuccess|sensor|
6|w|system|MsMpEng.exe|ConnectionSuccess|sensor|
10|w|network|svchost.exe|ConnectionSuccess|dns|
6|w|network|svchost.exe|ConnectionSuccess|update|
3|w|local|svchost.exe|ConnectionSuccess|time|
6|w|system|lsass.exe|ConnectionSuccess|kerberos|
4|w|system|lsass.exe|ConnectionSuccess|ldap|
4|w|system|System|ConnectionSuccess|smb|
2|w|system|svchost.exe|ConnectionFailed|update|
1|w|system|svchost.exe|ListeningConnectionCreated|listen|
5|w|none|none|SslConnectionInspected|web|{"direction":"Out","conn_state":"SF","duration":"{n2}","established":"true","server_name":"{site}"}
5|w|none|none|DnsConnectionInspected|dns|{"direction":"Out","conn_duration":"0.0{n2}","query":"{host}.{dns}","qtype_name":"A","rcode_name":"NOERROR"}
2|w|none|none|HttpConnectionInspected|update|{"direction":"Out","method":"GET","host":"ctldl.windowsupdate.com","uri":"/msdownload/update/v3/static/trustedr/en/{hex}.cab","status_code":"200","user_agent":"Microsoft-CryptoAPI/10.0"}
2|w|none|none|NtlmAuthenticationInspected|smb|{"direction":"Out","hostname":"{host}","domainname":"{domain}","server_nb_computer_name":"{fs}"}
1|w|none|none|NetworkSignatureInspected|web|{"SignatureName":"HTTP_Client","SignatureMatchedContent":"%16%03%01","SamplePacketContent":"[\"%16%03%01%02%00\"]"}
1|w|none|none|ConnectionAttempt|peer|{"direction":"In","Tcp Flags":2,"Packet Size":66}
3|w|system|svchost.exe|InboundConnectionAccepted|peer|
2|x|system|System|InboundConnectionAccepted|peer|
3|i|pool|w3wp.exe|ConnectionSuccess|sql|
3|i|pool|w3wp.exe|InboundConnectionAccepted|peer|
4|q|gmsa|sqlservr.exe|InboundConnectionAccepted|peer|
2|q|mssql|sqlceip.exe|ConnectionSuccess|sensor|
8|m|system|softwareupdated|ConnectionSuccess|apple|
3|m|windowsv|WindowServer|ConnectionRequest|apple|
1|m|mbsetup|softwareupdated|ConnectionFailed|apple|
4|l|mdatp|wdavdaemon|ConnectionSuccess|sensor|
3|l|system|apt-get|ConnectionSuccess|linux|
4|l|www|nginx|InboundConnectionAccepted|peer|
1|c|user|ms-teams.exe|InboundConnectionAccepted|peer|
`)
