package tenant

import "strings"

// expand fills the placeholders of a scene's text, e.g. {doc}; the same one gives the same text
// everywhere in a row. Text in braces that is no placeholder stays, since JSON has braces too.
func (r *row) expand(template string) string {
	if strings.IndexByte(template, '{') < 0 {
		return template
	}
	b := make([]byte, 0, len(template)+64)
	for {
		brace := strings.IndexByte(template, '{')
		if brace < 0 {
			return string(append(b, template...))
		}
		b = append(b, template[:brace]...)
		template = template[brace:]
		end := strings.IndexByte(template, '}')
		filled := ""
		if end > 0 {
			filled = r.fill(template[1:end])
		}
		if filled == "" {
			b = append(b, '{')
			template = template[1:]
			continue
		}
		b = append(b, filled...)
		template = template[end+1:]
	}
}

// fill gives the text of a placeholder, "" of anything else.
func (r *row) fill(name string) string {
	h := r.draw(drawText)
	switch name {
	case "user":
		return userName(r)
	case "upn":
		return userUPN(r)
	case "colleague":
		return r.accountNamed(byColleague).sid
	case "home":
		return homeOf(r)
	case "host":
		return r.device.host
	case "domain":
		return r.table.tenant.domain
	case "company":
		return r.table.tenant.company
	case "dns":
		return r.table.tenant.cfg.Domain
	case "doc":
		return documentName(r)
	case "fs":
		return pick(derive(h, 1), r.table.tenant.fleet.byKind[kindFileServer]).host
	case "client":
		return pick(derive(h, 2), r.table.tenant.fleet.all).host
	case "site":
		return r.table.tenant.named(pick(derive(h, 3), websites))
	case "svc":
		return pick(derive(h, 4), windowsServices)
	case "repo":
		return pick(derive(h, 5), repositories)
	case "guid":
		return guid(derive(h, 6))
	case "hex":
		return hexText(derive(h, 7), 8)
	case "nl":
		return "\r\n"
	case "n":
		return itoa(1 + below(derive(h, 8), 9000))
	case "n2":
		return itoa(1 + below(derive(h, 9), 90))
	case "serial":
		return strings.ToUpper(hexText(derive(h, 10), 16))
	}
	return ""
}

// named puts the company's name where the data has that of the sample.
func (t *Tenant) named(address string) string { return strings.Replace(address, "acme", t.domain, 1) }

func userName(r *row) string { return r.accountNamed(byUser).name }

func homeOf(r *row) string {
	switch {
	case r.device.kind == kindMac && r.person != nil:
		return "/Users/" + userName(r)
	case r.device.kind == kindMac:
		return "/var/root"
	case r.device.kind == kindLinux && r.person != nil:
		return "/home/" + userName(r)
	case r.device.kind == kindLinux:
		return "/root"
	case r.person != nil:
		return `C:\Users\` + userName(r)
	}
	return `C:\Windows\System32\config\systemprofile`
}

// documentName is the name of an office document.
func documentName(r *row) string {
	h := r.draw(drawFile)
	return pick(h, topics) + " " + pick(derive(h, 1), subjects) + itoa(1+below(derive(h, 2), 40)) + pick(derive(h, 3), documentTypes)
}

var (
	topics        = strings.Split("Quarterly forecast,Invoice,Offer,Board minutes,Project plan,Payroll,Contract,Customer list,Release notes,Risk register,Étude de marché,Reisekosten", ",")
	subjects      = strings.Split("draft ,v,2026-,final ,Q,review ", ",")
	documentTypes = strings.Fields(".docx .docx .xlsx .xlsx .pptx .pdf .csv")

	websites = strings.Fields(`www.bing.com/search?q=expense+policy github.com/acme/platform/pulls acme.sharepoint.com/sites/finance
		www.linkedin.com/feed/ news.ycombinator.com/ docs.python.org/3/library/ learn.microsoft.com/en-us/graph/
		acme.atlassian.net/browse/OPS-412 www.theguardian.com/international en.wikipedia.org/wiki/Kusto
		teams.microsoft.com/v2/ stackoverflow.com/questions/11227809`)
	windowsServices = strings.Fields("BITS Schedule wuauserv Winmgmt ProfSvc gpsvc CryptSvc Dnscache LanmanServer TokenBroker W32Time AppXSvc")
	repositories    = strings.Fields("platform billing-service data-pipeline website infra-terraform mobile-app")
)

func userUPN(r *row) string {
	if r.person == nil {
		return "nobody@" + r.table.tenant.cfg.Domain
	}
	return r.person.UPN
}
