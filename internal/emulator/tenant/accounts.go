package tenant

// account is an account as a sensor reports it.
type account struct {
	domain, name, sid, upn, objectID string
	integrity, elevation             string
	logonID                          int64 // of its session, where it is always the same
	posixID                          int   // on macOS and Linux
	human                            bool
}

// Names under which scenes refer to accounts.
const (
	byUser   = "user"
	byNobody = "none"
	bySystem = "system"
	// byComputer is the account of the device itself or, over the network, of the one it comes from.
	byComputer = "computer"
	// byColleague is somebody else than the person whose row it is.
	byColleague = "colleague"
)

// windowsAccounts are those that every Windows device has; $HOST and $DOMAIN are filled in.
var windowsAccounts = map[string]account{
	bySystem:    {domain: "nt authority", name: "system", sid: "S-1-5-18", logonID: 999},
	"local":     {domain: "nt authority", name: "local service", sid: "S-1-5-19", logonID: 997},
	"network":   {domain: "nt authority", name: "network service", sid: "S-1-5-20", logonID: 996},
	"anonymous": {domain: "nt authority", name: "anonymous logon", sid: "S-1-5-7"},
	"dwm":       {domain: "window manager", name: "dwm-1", sid: "S-1-5-90-0-1", logonID: 61_234},
	"umfd":      {domain: "font driver host", name: "umfd-0", sid: "S-1-5-96-0-0", logonID: 48_911},
	"trusted":   {domain: "nt service", name: "trustedinstaller", sid: "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"},
	"mssql":     {domain: "nt service", name: "sqltelemetry", sid: "S-1-5-80-2652535364-2169709536-2857650723-2622804123-1107741775"},
	"pool":      {domain: "iis apppool", name: "defaultapppool", sid: "S-1-5-82-3006700770-424185619-1745488364-794895919-4004696415"},
	byComputer:  {domain: "$DOMAIN", name: "$HOST$"},
	"gmsa":      {domain: "$DOMAIN", name: "svc_sql$"},
	"backup":    {domain: "$DOMAIN", name: "svc_backup"},
	"group":     {domain: "$HOST", name: "device operators"},
	"unknown":   {domain: "-", name: "-", sid: "S-1-0-0"},
}

// frenchNames are what Windows calls its accounts where it was installed in French.
var frenchNames = map[string]account{
	bySystem:  {domain: "autorite nt", name: "système"},
	"local":   {domain: "autorite nt", name: "service local"},
	"network": {domain: "autorite nt", name: "service réseau"},
}

var macAccounts = map[string]account{
	bySystem:   {domain: "$HOST", name: "root", sid: "S-1-5-18"},
	"mbsetup":  {domain: "$HOST", name: "_mbsetupuser", posixID: 248},
	"windowsv": {domain: "$HOST", name: "_windowserver", posixID: 88},
}

var linuxAccounts = map[string]account{
	bySystem: {domain: "$HOST", name: "root"},
	"www":    {domain: "$HOST", name: "www-data", posixID: 33},
	"mdatp":  {domain: "$HOST", name: "mdatp", posixID: 997},
	"agent":  {domain: "$HOST", name: "acmed", posixID: 412},
	// A container's user has a number and no name on the host.
	"container": {domain: "$HOST", posixID: 65_532},
}
