package tenant

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/engine"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
)

const (
	heartbeatWidth = 15 * minute
	heartbeatLag   = 15 * minute // at most
)

// deviceInfoStreams give a row of each device every quarter of an hour, of which the first in an
// hour is complete.
func deviceInfoStreams(t *table) []*stream {
	fill := func(r *row, start int64, emit func() bool) bool {
		bucket := derive(t.key, uint64(start/heartbeatWidth))
		for i, d := range t.tenant.fleet.all {
			r.key, r.device = derive(bucket, uint64(i)), d
			r.event = start + int64(d.key%uint64(heartbeatWidth))
			r.event -= r.event % d.clockTick
			r.ingestion = r.event + between(r.draw(drawLag), 2*minute, heartbeatLag)
			r.visible = r.ingestion + visibleLag(r.key, &t.tenant.cfg)
			// Eighteen digits, as the service has them: more than a float64 holds.
			r.reportID = 638_000_000_000_000_000 + int64(r.key%1_000_000_000_000_000)
			if !emit() {
				return false
			}
		}
		return true
	}
	return []*stream{{
		width: heartbeatWidth, fill: fill,
		event: engine.Range{From: -second, To: heartbeatWidth}, ingestion: engine.Range{From: 0, To: heartbeatWidth + heartbeatLag},
	}}
}

// isFullReport reports whether the row is the hour's full report and no heartbeat.
func isFullReport(r *row) bool { return r.event/heartbeatWidth%4 == 0 }

// ofReport gives a column that only full reports have.
func ofReport(f func(*device) string) valueFunc {
	return text(func(r *row) string {
		if !isFullReport(r) {
			return ""
		}
		return f(r.device)
	})
}

// loggedOnUsers are the accounts of those who work at the device now.
func loggedOnUsers(r *row) string {
	var list []string
	add := func(a *account) {
		if !r.device.kind.windows() {
			// Their sensors know the name alone.
			list = append(list, `{"UserName":"`+a.name+`"}`)
			return
		}
		list = append(list, `{"UserName":"`+a.name+`","DomainName":"`+a.domain+`","Sid":"`+a.sid+`"}`)
	}
	for _, p := range r.device.owners {
		if p.working(r.event) {
			add(r.device.accountOf(p))
		}
	}
	if local := (r.event/hour + int64(r.device.office.utc) + 24) % 24; r.device.localUser != nil && local >= 6 && local < 22 {
		add(r.device.localUser)
	}
	return "[" + strings.Join(list, ",") + "]"
}

var deviceInfoColumns = valueFuncs{
	"Timestamp":      recordColumns["Timestamp"],
	"DeviceId":       recordColumns["DeviceId"],
	"DeviceName":     recordColumns["DeviceName"],
	"ReportId":       recordColumns["ReportId"],
	"ClientVersion":  ofReport(func(*device) string { return "10.8760.22621.1" }),
	"PublicIP":       text(func(r *row) string { return r.device.publicIP }),
	"OSArchitecture": ofReport(func(d *device) string { return d.model.architecture }),
	"OSPlatform":     ofReport(func(d *device) string { return d.model.platform }),
	"OSVersion":      ofReport(func(d *device) string { return d.model.version }),
	"OSVersionInfo":  ofReport(func(d *device) string { return d.model.versionInfo }),
	"OSDistribution": ofReport(func(d *device) string { return d.model.distribution }),
	"OSBuild": nullIfZero(value.Long, value.NewLong, func(r *row) int64 {
		if !isFullReport(r) {
			return 0
		}
		return r.device.model.build
	}),
	"IsAzureADJoined": func(r *row) value.Value {
		if !isFullReport(r) {
			return value.Null(value.Bool)
		}
		return value.NewBool(!r.device.kind.server())
	},
	"JoinType": ofReport(func(d *device) string {
		switch {
		case !d.kind.windows():
			return ""
		case d.entraJoined:
			return "AAD Joined"
		case d.kind.server():
			return "Domain Joined"
		}
		return "Hybrid Azure AD Join"
	}),
	"AadDeviceId":       ofReport(func(d *device) string { return d.aadID }),
	"LoggedOnUsers":     text(loggedOnUsers),
	"MachineGroup":      ofReport(func(d *device) string { return d.office.city }),
	"OnboardingStatus":  ofReport(func(*device) string { return "Onboarded" }),
	"DeviceCategory":    ofReport(func(d *device) string { return d.model.category }),
	"DeviceType":        ofReport(func(d *device) string { return d.model.typ }),
	"DeviceSubtype":     ofReport(func(d *device) string { return d.model.typ }),
	"Model":             ofReport(func(d *device) string { return d.model.model }),
	"Vendor":            ofReport(func(d *device) string { return d.model.vendor }),
	"IsInternetFacing":  boolean(func(r *row) bool { return r.device.kind == kindWeb }),
	"SensorHealthState": ofReport(func(*device) string { return "Active" }),
	"IsExcluded":        boolean(func(*row) bool { return false }),
	"ExposureLevel":     ofReport(func(d *device) string { return pick(d.key, []string{"Low", "Medium", "High"}) }),
	"AssetValue":        ofReport(func(*device) string { return "Normal" }),
	"DeviceManualTags":  ofReport(func(*device) string { return "[]" }),
	"DeviceDynamicTags": ofReport(func(*device) string { return "[]" }),
	"ConnectivityType":  ofReport(func(*device) string { return "Streamlined" }),
	"AdditionalFields":  fixed("{}"),
}
