package alert

import "slices"

// leading are the detailed roles of the device that an alert is mainly about.
var leading = []string{"PrimaryDevice", "Main device"}

// DeviceOf is the device evidence that an evidence belongs to: the one with the same mdeDeviceId, else the one that the
// alert is mainly about, else the first. Device evidence without an mdeDeviceId does not count. Without any the object
// has no properties.
func (a Alert) DeviceOf(e Evidence) Object {
	devices := a.devices()
	if id := e.Text("mdeDeviceId"); id != "" {
		for _, d := range devices {
			if d.Text("mdeDeviceId") == id {
				return d
			}
		}
	}
	for _, d := range devices {
		if slices.ContainsFunc(d.Texts("detailedRoles"), func(role string) bool { return slices.Contains(leading, role) }) {
			return d
		}
	}
	if len(devices) > 0 {
		return devices[0]
	}
	return Object{}
}

func (a Alert) devices() []Object {
	var all []Object
	for _, e := range a.Evidence {
		if e.Kind == Device && e.Text("mdeDeviceId") != "" {
			all = append(all, e.Object)
		}
	}
	return all
}

// UserOf is the account of an evidence: its own, as processes have one, else that of the first user evidence.
func (a Alert) UserOf(e Evidence) Object {
	if own := e.Object.Object("userAccount"); names(own) {
		return own
	}
	for _, other := range a.Evidence {
		if account := other.Object.Object("userAccount"); other.Kind == User && names(account) {
			return account
		}
	}
	return Object{}
}

// names reports whether an account says who it is.
func names(account Object) bool {
	return account.Text("accountName") != "" || account.Text("userPrincipalName") != ""
}
