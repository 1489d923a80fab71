package tenant

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config sizes the tenant. A zero Devices or People is derived from RowsPerDay.
type Config struct {
	Seed       uint64
	Start      time.Time     // the instant the emulator starts; the history lies before it
	History    time.Duration // how long ago the first rows were ingested, at most 30 days
	RowsPerDay int           // raw rows of the six event tables together, averaged over a week
	Devices    int
	People     int

	LateShare float64       // share of event rows that arrive hours to days late
	LateMax   time.Duration // how late at most
	// HiddenShare of the rows can be seen only up to HiddenMax after their ingestion time, the rest
	// within seconds of it.
	HiddenShare float64
	HiddenMax   time.Duration
	FutureShare float64 // share of event rows whose device's clock is ahead, by up to half an hour
	// AlertApartShare of the alert rows arrive up to AlertApartMax after the alert's other rows.
	AlertApartShare float64
	AlertApartMax   time.Duration

	TenantID string // a GUID
	Domain   string // of the UPNs, e.g. acme.com; its first label names the Windows domain
}

// The service answers for the last 30 days only.
const maxAge = 30 * 24 * time.Hour

// Minimum sizes: fewer devices would leave out a kind of server.
const (
	minDevices    = 16
	minRowsPerDay = 1_000
	// minLate keeps late rows apart from those of the usual lags; minHidden likewise.
	minLate   = 2 * time.Hour
	minHidden = 30 * time.Second
)

// DefaultConfig is a company of about 150 people whose last day can be queried. Every hour of it has
// thousands of rows of people and several alerts. Start is the present.
func DefaultConfig() Config {
	return Config{
		Seed: 1, Start: time.Now(), History: 24 * time.Hour, RowsPerDay: 400_000,
		LateShare: 0.005, LateMax: 48 * time.Hour,
		HiddenShare: 0.002, HiddenMax: 90 * time.Second,
		AlertApartShare: 0.05, AlertApartMax: 3 * time.Hour,
		TenantID: "6babcaad-604b-40ac-a9d7-9fd97c0b779f", Domain: "acme.com",
	}
}

// windowsDomain is the short name of the Windows domain, in lower case.
func (c Config) windowsDomain() string {
	label, _, _ := strings.Cut(c.Domain, ".")
	return strings.ToLower(label)
}

// company is how the company writes its name.
func (c Config) company() string {
	name := c.windowsDomain()
	return strings.ToUpper(name[:1]) + name[1:]
}

// complete derives the sizes that were left to RowsPerDay and validates the rest.
func (c Config) complete() (Config, error) {
	if c.Devices == 0 && c.People == 0 {
		c.Devices = min(max(c.RowsPerDay/2_000, 40), 20_000)
	}
	if c.Devices == 0 {
		c.Devices = max(c.People*4/3, minDevices)
	}
	if c.People == 0 {
		c.People = max(c.Devices*3/4, 1)
	}
	return c, c.validate()
}

func (c Config) validate() error {
	var errs []error
	check := func(ok bool, field, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("tenant %s: "+format, append([]any{field}, args...)...))
		}
	}
	share := func(v float64, field string) {
		check(v >= 0 && v <= 1, field, "%v is no share between 0 and 1", v)
	}
	span := func(v, least time.Duration, field string) {
		check(v >= least && v <= maxAge, field, "%s is not between %s and %s", v, least, maxAge)
	}
	check(!c.Start.IsZero(), "Start", "must be set")
	span(c.History, 0, "History")
	check(c.RowsPerDay >= minRowsPerDay && c.RowsPerDay <= 1_000_000_000, "RowsPerDay", "%d is not between %d and 1000000000", c.RowsPerDay, minRowsPerDay)
	check(c.Devices >= minDevices && c.Devices <= 100_000, "Devices", "%d is not between %d and 100000", c.Devices, minDevices)
	check(c.People >= 1 && c.People <= 100_000, "People", "%d is not between 1 and 100000", c.People)
	share(c.LateShare, "LateShare")
	share(c.HiddenShare, "HiddenShare")
	share(c.FutureShare, "FutureShare")
	share(c.AlertApartShare, "AlertApartShare")
	if c.LateShare > 0 {
		span(c.LateMax, minLate, "LateMax")
	}
	if c.HiddenShare > 0 {
		span(c.HiddenMax, minHidden, "HiddenMax")
	}
	if c.AlertApartShare > 0 {
		span(c.AlertApartMax, time.Hour, "AlertApartMax")
	}
	check(strings.Index(c.Domain, ".") > 0 && !strings.ContainsAny(c.Domain, " @\\/\""), "Domain", "%q is no DNS domain such as acme.com", c.Domain)
	check(len(c.TenantID) == 36, "TenantID", "%q is no GUID", c.TenantID)
	return errors.Join(errs...)
}
