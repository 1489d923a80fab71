package row

import "strings"

// netBIOSLength is how much of a device's name Windows uses as the domain of its accounts.
const netBIOSLength = 15

// Device is the device of a row, with what the row and the directory call it.
type Device struct {
	ID   string // DeviceId, lower case
	Name string // as the row has it
	// Known is its name in the directory.
	Known string
}

// Owns reports whether a logon domain is the device itself: its accounts are local, and an account of
// the same name elsewhere is somebody else's.
func (d Device) Owns(domain string) bool {
	if domain == "" {
		return false
	}
	return domain == "." || isDevice(d.Name, domain) || isDevice(d.Known, domain)
}

// IsUnnamed reports whether the device has no name, so that its own accounts cannot be told.
func (d Device) IsUnnamed() bool { return d.Name == "" && d.Known == "" }

// Domain is the domain of the device's own accounts; empty where the device has no name.
func (d Device) Domain() string {
	label, _, _ := strings.Cut(First(d.Name, d.Known), ".")
	return label
}

// isDevice compares as Windows does: the NetBIOS name is the first label, cut to 15 characters.
func isDevice(device, domain string) bool {
	if device == "" {
		return false
	}
	label, _, _ := strings.Cut(device, ".")
	return strings.EqualFold(domain, device) || strings.EqualFold(domain, label) ||
		len(label) > netBIOSLength && strings.EqualFold(domain, label[:netBIOSLength])
}
