package tenant

import (
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/kql/value"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// New builds the people and devices; no row is computed. Errors name the field of Config.
func New(cfg Config) (*Tenant, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	t := &Tenant{cfg: cfg, domain: cfg.windowsDomain(), company: cfg.company(), tables: map[string]*table{}}
	t.people = newPeople(cfg)
	t.service = newServiceAccounts(cfg)
	t.fleet = newFleet(cfg, t.people)
	t.roster = newRoster(cfg.Seed, t.people)
	since := value.Ticks(cfg.Start.Add(-cfg.History))
	for _, s := range tables.Schemas() {
		kind, ok := tableKinds[s.Name]
		if !ok {
			continue
		}
		tab := &table{tenant: t, key: deriveText(cfg.Seed, s.Name), since: since, kind: kind, columns: Columns(s)}
		if kind.directory {
			tab.since = value.Ticks(cfg.Start.Add(-max(cfg.History, directoryHistory)))
		}
		for _, c := range s.Columns {
			tab.values = append(tab.values, kind.value(c))
		}
		tab.streams = kind.streams(tab)
		t.tables[s.Name] = tab
	}
	return t, nil
}

// The directories' rows recur within a day. Whatever the history, a client finds each person once.
const directoryHistory = 25 * time.Hour

var tableKinds = map[string]tableKind{
	"DeviceLogonEvents":    eventTable(logonShare, logonColumns, logonScenes, tellLogon),
	"DeviceProcessEvents":  eventTable(processShare, processColumns, processScenes, tellProcess),
	"DeviceNetworkEvents":  eventTable(networkShare, networkColumns, networkScenes, tellNetwork),
	"DeviceFileEvents":     eventTable(fileShare, fileColumns, fileScenes, tellFile),
	"DeviceEvents":         eventTable(deviceEventShare, deviceEventColumns, deviceEventScenes, tellDeviceEvent),
	"DeviceRegistryEvents": eventTable(registryShare, registryColumns, registryScenes, tellRegistry),
	"AlertInfo":            {own: alertInfoColumns, streams: alertInfoStreams},
	"AlertEvidence":        {own: alertEvidenceColumns, streams: alertEvidenceStreams},
	"DeviceInfo":           {directory: true, own: deviceInfoColumns, streams: deviceInfoStreams},
	"IdentityInfo":         {directory: true, own: identityInfoColumns, streams: identityInfoStreams},

	"EmailEvents":           toldTable(emailShare, emailColumns, emailScenes),
	"UrlClickEvents":        toldTable(clickShare, clickColumns, clickScenes),
	"IdentityLogonEvents":   toldTable(identityLogonShare, identityLogonColumns, identityLogonScenes),
	"CloudAppEvents":        toldTable(cloudAppShare, cloudAppColumns, cloudAppScenes),
	"DeviceImageLoadEvents": eventTable(imageShare, imageColumns, imageScenes, tellImage),
}

// The event tables' shares of RowsPerDay; those that are read by default have 1 together.
const (
	logonShare       = 0.05
	processShare     = 0.27
	networkShare     = 0.31
	fileShare        = 0.20
	deviceEventShare = 0.11
	registryShare    = 0.06

	emailShare         = 0.04
	clickShare         = 0.02
	identityLogonShare = 0.05
	cloudAppShare      = 0.08
	imageShare         = 0.12
)

func eventTable(share float64, own valueFuncs, sc *scenes, tell func(*row, *scene, *activity)) tableKind {
	return tableKind{
		shared:  []valueFuncs{recordColumns, initiatingColumns},
		own:     own,
		streams: func(t *table) []*stream { return t.eventStreams(share) },
		scenes:  sc,
		tell:    tell,
	}
}
