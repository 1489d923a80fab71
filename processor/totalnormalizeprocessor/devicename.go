package totalnormalizeprocessor

import "strings"

// deviceNames is what the row and the directory call the row's device.
type deviceNames struct{ row, directory string }

// own reports whether a logon domain is the device itself: its accounts are local, and an account of
// the same name elsewhere is somebody else's.
func (d deviceNames) own(domain string) bool {
	if domain == "" {
		return false
	}
	return isDevice(d.row, domain) || isDevice(d.directory, domain)
}

// unknown reports whether the device has no name, so that its own accounts cannot be told.
func (d deviceNames) unknown() bool { return d.row == "" && d.directory == "" }

// isDevice compares as Windows does: the NetBIOS name is the first label, cut to 15 characters.
func isDevice(device, domain string) bool {
	const netBIOSLength = 15
	if device == "" {
		return false
	}
	label, _, _ := strings.Cut(device, ".")
	return strings.EqualFold(domain, device) || strings.EqualFold(domain, label) ||
		len(label) > netBIOSLength && strings.EqualFold(domain, label[:netBIOSLength])
}
