package tenant

// hardware is what a device is made of and runs.
type hardware struct {
	platform, version, versionInfo, distribution string
	build                                        int64
	architecture, vendor, model                  string
	category, typ                                string
}

var (
	clientHardware = []hardware{
		{"Windows11", "10.0", "23H2", "Windows11", 22631, "64-bit", "Dell Inc.", "Latitude 5440", "Endpoint", "Workstation"},
		{"Windows11", "10.0", "24H2", "Windows11", 26100, "64-bit", "LENOVO", "21HMCTO1WW", "Endpoint", "Workstation"},
		{"Windows10", "10.0", "22H2", "Windows10", 19045, "64-bit", "HP", "HP EliteBook 840 G8", "Endpoint", "Workstation"},
	}
	serverHardware = []hardware{
		{"WindowsServer2022", "10.0", "21H2", "WindowsServer2022", 20348, "64-bit", "VMware, Inc.", "VMware20,1", "Endpoint", "Server"},
		{"WindowsServer2019", "10.0", "1809", "WindowsServer2019", 17763, "64-bit", "Microsoft Corporation", "Virtual Machine", "Endpoint", "Server"},
	}
	macHardware   = []hardware{{"macOS", "15.1", "15.1", "macOS", 24, "64-bit", "Apple", "Mac15,6", "Endpoint", "Workstation"}}
	linuxHardware = []hardware{{"Linux", "22.4", "22.4", "Ubuntu", 0, "64-bit", "QEMU", "Standard PC", "Endpoint", "Server"}}
)

func pickHardware(key uint64, k kind) *hardware {
	list := clientHardware
	switch {
	case k == kindMac:
		list = macHardware
	case k == kindLinux:
		list = linuxHardware
	case k.server():
		list = serverHardware
	}
	return &list[below(derive(key, drawKind), len(list))]
}
