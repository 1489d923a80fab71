package tenant

import (
	"fmt"
	"strings"
)

type device struct {
	key            uint64
	id, host, fqdn string
	kind           kind
	office         *office
	ip, publicIP   string
	sid            string
	aadID          string
	clockTick      int64 // the sensor's clock, in ticks
	entraJoined    bool  // to Entra ID only
	model          *hardware
	deviceUsers
}

// deviceUsers is who uses a device, and under which accounts.
type deviceUsers struct {
	owners      []*Person
	shared      bool
	localUser   *account             // of a shared device: who works there, whoever that is
	accounts    map[string]*account  // that are no person's, by the scenes' names
	ownAccounts map[*Person]*account // macOS and Linux: a person's account on this device
}

// accountOf is the account that a person uses on the device.
func (d *deviceUsers) accountOf(p *Person) *account {
	if d.localUser != nil {
		return d.localUser
	}
	if a, ok := d.ownAccounts[p]; ok {
		return a
	}
	return p.account
}

// fleet is all devices.
type fleet struct {
	all, servers, shared []*device
	byKind               map[kind][]*device
}

type fleetBuilder struct {
	fleet
	cfg    Config
	domain string
	sid    string
}

// serverPlan is which servers there are; it repeats.
var serverPlan = []struct {
	kind kind
	name string
}{
	{kindDomain, "dc"},
	{kindFileServer, "fs"},
	{kindJump, "jump"},
	{kindSQL, "sql"},
	{kindWeb, "web"},
	{kindLinux, "lnx-app"},
	{kindServer, "app"},
	{kindFileServer, "fs"},
	{kindLinux, "lnx-web"},
	{kindServer, "mgmt"},
}

func newFleet(cfg Config, people []*Person) fleet {
	b := &fleetBuilder{cfg: cfg, domain: cfg.windowsDomain(), sid: domainSID(cfg.Seed)}
	b.byKind = map[kind][]*device{}
	servers := max(cfg.Devices/12, 6)
	shared := max(cfg.Devices/25, 2)
	for i := range servers {
		plan := serverPlan[i%len(serverPlan)]
		name := fmt.Sprintf("%s-%02d", plan.name, i/len(serverPlan)+1)
		if plan.kind == kindFileServer {
			name = fmt.Sprintf("%s-%02d", plan.name, len(b.byKind[kindFileServer])+1)
		}
		b.servers = append(b.servers, b.add(plan.kind, name, &offices[i%len(offices)]))
	}
	for i := range shared {
		d := b.add(kindClient, fmt.Sprintf("kiosk-%02d", i+1), &offices[i%len(offices)])
		d.shared = true
		if i == 0 {
			d.localUser = localAccount(d, "labuser", 0)
		}
		b.shared = append(b.shared, d)
	}
	// Each person has a device before any has two; where they are few, people share them.
	personal := cfg.Devices - servers - shared
	devices := make([]*device, personal)
	for i := range max(personal, len(people)) {
		p := people[i%len(people)]
		if i < personal {
			devices[i] = b.addPersonal(i, p)
		}
		d := devices[i%personal]
		d.owners = append(d.owners, p)
		p.devices = append(p.devices, d)
		if !d.kind.windows() {
			d.ownAccounts[p] = d.posixAccount(p)
		}
	}
	return b.fleet
}

// posixAccount is a person's account on a Mac or Linux workstation, which knows its UPN.
func (d *device) posixAccount(p *Person) *account {
	a := localAccount(d, foldName(p.GivenName[:1])+foldName(p.Surname), len(d.ownAccounts))
	a.upn, a.objectID = p.UPN, p.ObjectID
	if d.kind == kindLinux {
		a.sid, a.posixID = "", 1000+len(d.ownAccounts)
	}
	return a
}

// Of twenty personal devices, two are Macs and one runs Linux.
func (b *fleetBuilder) addPersonal(i int, p *Person) *device {
	k, name := kindClient, fmt.Sprintf("ws-%03d", i+1)
	switch i % 20 {
	case 7, 15:
		k, name = kindMac, fmt.Sprintf("mac-%03d", i+1)
	case 11:
		k, name = kindLinux, fmt.Sprintf("lnx-%03d", i+1)
	}
	d := b.add(k, name, p.office)
	d.entraJoined = p.OnPremSID == ""
	if p.remote {
		d.ip = fmt.Sprintf("192.168.1.%d", 2+below(derive(d.key, 3), 250))
		d.publicIP = fmt.Sprintf("198.18.%d.%d", below(derive(d.key, 4), 256), 1+below(derive(d.key, 5), 254))
	}
	return d
}

func (b *fleetBuilder) add(k kind, host string, o *office) *device {
	n := len(b.all)
	key := derive(deriveText(b.cfg.Seed, "devices"), uint64(n))
	d := &device{
		key: key, kind: k, host: host, office: o,
		id:   hexText(key, 40),
		fqdn: host + "." + b.domain + ".local",
		ip:   fmt.Sprintf("10.%d.%d.%d", 1+(n>>15), n>>7&0xff, 10+n&0x7f),
		sid:  machineSID(derive(key, 1)), aadID: guid(derive(key, 2)),
		publicIP: o.publicNet + itoa(1+n%30), clockTick: 1,
		model: pickHardware(key, k),
	}
	if !k.windows() {
		// Their sensors' clocks count milliseconds.
		d.clockTick = millisecond
		d.ownAccounts = map[*Person]*account{}
	}
	if k == kindMac {
		d.fqdn = host
	}
	d.accounts = systemAccounts(d, b.domain, b.sid+"-"+itoa(200_000+n), b.sid+"-1020", b.sid+"-1021")
	b.all = append(b.all, d)
	b.byKind[k] = append(b.byKind[k], d)
	return d
}

// systemAccounts gives the accounts of a device that are no person's, by the scenes' names.
func systemAccounts(d *device, domain, computerSID, gmsaSID, backupSID string) map[string]*account {
	list := windowsAccounts
	switch d.kind {
	case kindMac:
		list = macAccounts
	case kindLinux:
		list = linuxAccounts
	}
	all := make(map[string]*account, len(list))
	fill := strings.NewReplacer("$HOST", d.host, "$DOMAIN", domain)
	for name, a := range list {
		if french, ok := frenchNames[name]; ok && d.office.french && d.kind.windows() {
			a.domain, a.name = french.domain, french.name
		}
		a.domain, a.name = fill.Replace(a.domain), fill.Replace(a.name)
		switch name {
		case byComputer:
			a.sid = computerSID
		case "gmsa":
			a.sid = gmsaSID
		case "backup":
			a.sid = backupSID
		case "group":
			a.sid = d.sid + "-1004"
		}
		if d.kind.windows() {
			a.integrity, a.elevation = "System", "TokenElevationTypeDefault"
		}
		all[name] = &a
	}
	return all
}

// localAccount is a person's account that exists on this device only.
func localAccount(d *device, name string, number int) *account {
	return &account{
		domain: d.host, name: name, sid: d.sid + "-" + itoa(1001+number), posixID: 501 + number, human: true,
		integrity: "Medium", elevation: "TokenElevationTypeDefault",
	}
}
