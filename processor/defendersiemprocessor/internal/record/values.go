package record

import (
	"cmp"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/alert"
)

// severity has the former API's spelling: High, Medium, Low, Informational.
func severity(graph string) string {
	if graph == alert.Unknown {
		return "Informational"
	}
	return capitalized(graph)
}

// sources are the former API's names of what is not only written differently.
var sources = map[string]string{
	"microsoftDefenderForEndpoint": "EDR",
	"customTi":                     "CustomerTI",
	alert.Unknown:                  "",
}

func source(graph string) string {
	if name, ok := sources[graph]; ok {
		return name
	}
	return capitalized(graph)
}

func capitalized(text string) string {
	letter, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(letter)) + text[size:]
}

// remediation is the state of an evidence. The former API had the action of the antivirus here.
func remediation(status string) string {
	if status == "none" || status == alert.Unknown {
		return ""
	}
	return status
}

// remediated says whether the remediation succeeded; nil: that is not decided.
func remediated(status string) any {
	switch status {
	case "remediated", "prevented", "blocked":
		return true
	case "active", "unremediated", "declined", "partiallyRemediated":
		return false
	default:
		return nil
	}
}

// executing says whether the process ran: what is prevented never ran, what is blocked was stopped while it ran.
func executing(e alert.Evidence) any {
	if e.Kind != alert.Process {
		return nil
	}
	switch e.Text("detectionStatus") {
	case "detected", "blocked":
		return true
	case "prevented":
		return false
	default:
		return nil
	}
}

// hashOf is a hash of the evidence's file, or the hash that the evidence itself is.
func hashOf(e alert.Evidence, algorithm string) string {
	if e.Kind == alert.FileHash {
		if strings.EqualFold(e.Text("algorithm"), algorithm) {
			return strings.ToLower(e.Text("value"))
		}
		return ""
	}
	return strings.ToLower(e.File().Text(algorithm))
}

func address(e alert.Evidence) string {
	switch e.Kind {
	case alert.IP:
		return e.Text("ipAddress")
	case alert.NetworkConnection:
		return e.Text("destinationAddress", "ipAddress")
	default:
		return ""
	}
}

func url(e alert.Evidence) string {
	switch e.Kind {
	case alert.URL:
		return e.Text("url")
	case alert.DNS:
		return e.Text("domainName")
	default:
		return ""
	}
}

func userName(account alert.Object) string {
	upn, _, _ := strings.Cut(account.Text("userPrincipalName"), "@")
	return cmp.Or(account.Text("accountName"), upn)
}

// loggedOn lists the users of a device: contoso\liz-bean; contoso\jay-hardee.
func loggedOn(device alert.Object) string {
	var users []string
	for _, user := range device.Objects("loggedOnUsers") {
		name, domain := user.Text("accountName"), user.Text("domainName")
		switch {
		case name == "":
		case domain == "":
			users = append(users, name)
		default:
			users = append(users, domain+`\`+name)
		}
	}
	return strings.Join(users, "; ")
}

func dnsName(device alert.Object) string {
	if name := device.Text("deviceDnsName"); name != "" {
		return name
	}
	host, domain := device.Text("hostName"), device.Text("dnsDomain")
	if host == "" || domain == "" {
		return host
	}
	return host + "." + domain
}

func machineName(device alert.Object) string {
	name, _ := split(device.Text("deviceDnsName"))
	return cmp.Or(name, device.Text("hostName"))
}

func machineDomain(device alert.Object) string {
	_, domain := split(device.Text("deviceDnsName"))
	return cmp.Or(domain, device.Text("dnsDomain"), device.Text("ntDomain"))
}

// split parts the first label of a name from its domain. An address has no labels.
func split(dnsName string) (name, domain string) {
	if _, err := netip.ParseAddr(dnsName); err == nil {
		return dnsName, ""
	}
	name, domain, _ = strings.Cut(dnsName, ".")
	return name, domain
}

// maxInterfaces bounds a list of addresses: a machine that runs containers has hundreds.
const maxInterfaces = 32

// interfaces lists the addresses of a device, of one version of IP and without the loopback's.
func interfaces(device alert.Object, v4 bool) string {
	var list []string
	for _, text := range device.Texts("ipInterfaces") {
		at, err := netip.ParseAddr(text)
		if err != nil || at.Unmap().IsLoopback() || at.Is4() != v4 {
			continue
		}
		if list = append(list, text); len(list) == maxInterfaces {
			break
		}
	}
	return strings.Join(list, ", ")
}
