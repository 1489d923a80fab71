package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
)

// flags are the command line. Most are bound straight to what they set; those with a notation of
// their own are read by options.
type flags struct {
	emulator defendersim.Options
	limits   defendersim.Limits
	tenant   tenant.Config

	late, hidden, alertsApart string
	faults, quirks            string
	rows, certificates        []string
	verbose                   bool
}

func newFlags() *flags {
	f := &flags{limits: defendersim.DefaultLimits(), tenant: tenant.DefaultConfig()}
	f.late = shareText(f.tenant.LateShare, f.tenant.LateMax)
	f.hidden = shareText(f.tenant.HiddenShare, f.tenant.HiddenMax)
	f.alertsApart = shareText(f.tenant.AlertApartShare, f.tenant.AlertApartMax)
	f.tenant.Start = time.Time{} // the emulator's present
	return f
}

func (f *flags) register(set *pflag.FlagSet) {
	set.SortFlags = false
	set.StringVar(&f.emulator.Listen, "listen", "127.0.0.1:8443", "address to serve on")
	set.StringVar(&f.emulator.StateDir, "state", "", "directory for the CA, so that a restart keeps its trust (default: a temporary one)")
	set.StringVar(&f.emulator.TenantID, "tenant-id", defendersim.DefaultTenantID, "tenant that tokens are given for")
	set.StringVar(&f.emulator.ClientID, "client-id", defendersim.DefaultClientID, "application that tokens are given to")
	set.StringVar(&f.emulator.ClientSecret, "client-secret", defendersim.DefaultClientSecret, "its secret")
	set.StringArrayVar(&f.certificates, "client-certificate", nil, "FILE with a certificate in PEM that is the application's too (repeatable)")
	set.StringVar(&f.emulator.IdentityListen, "identity-listen", "", "address to serve a managed identity on, in the clear")
	set.StringVar(&f.emulator.StorageListen, "storage-listen", "", "address to serve a storage account on, to which rows are exported as by the Streaming API")
	set.DurationVar(&f.emulator.TokenLifetime, "token-lifetime", 3599*time.Second, "how long a token is valid")
	set.StringSliceVar(&f.emulator.Roles, "roles", []string{defendersim.RoleGraph, defendersim.RoleLegacy, defendersim.RoleUsers, defendersim.RoleAlerts, defendersim.RoleIncidents, defendersim.RoleScores}, "app roles in tokens; leave one out to see a 403")

	set.Uint64Var(&f.emulator.Seed, "seed", f.tenant.Seed, "seed of the tenant, faults and the order of unordered results")
	set.IntVar(&f.tenant.RowsPerDay, "rows-per-day", f.tenant.RowsPerDay, "rows a day that the tenant generates; 0: none")
	set.DurationVar(&f.tenant.History, "history", f.tenant.History, "how far back the generated rows reach")
	set.IntVar(&f.tenant.People, "people", f.tenant.People, "people of the tenant; 0: by rows-per-day")
	set.IntVar(&f.tenant.Devices, "devices", f.tenant.Devices, "devices of the tenant; 0: by rows-per-day")
	set.StringVar(&f.late, "late", f.late, "SHARE:MAX of rows that arrive late, and how late")
	set.StringVar(&f.hidden, "hidden", f.hidden, "SHARE:MAX of rows that are visible only some time after their ingestion time")
	set.StringVar(&f.alertsApart, "alerts-apart", f.alertsApart, "SHARE:MAX of alert rows that arrive apart from the alert's other rows")
	set.Float64Var(&f.tenant.FutureShare, "future", f.tenant.FutureShare, "share of rows whose device's clock is ahead")
	set.IntVar(&f.emulator.Controls, "controls", 290, "controls of Secure Score; 0: there is no score")
	set.StringArrayVar(&f.rows, "rows", nil, "TABLE=FILE[,recent]: rows to serve from an NDJSON file, recent: moved to the present (repeatable)")

	set.StringSliceVar(&f.emulator.WithoutTables, "without-tables", nil, "tables that the tenant's plan lacks")
	set.BoolVar(&f.emulator.NoIngestionTime, "no-ingestion-time", false, "make ingestion_time() null")
	set.BoolVar(&f.emulator.RetiredLegacy, "retired-legacy", false, "answer calls of the legacy API as a retired API")
	set.StringVar(&f.quirks, "quirks", "default", "wire quirks: default, none, or names; -NAME takes one away")
	set.StringVar(&f.faults, "fault", "", "faults as KIND[=DELAY][@TABLE][:RATE],..., e.g. 429:0.05,503:0.01,truncate:0.01")

	set.IntVar(&f.limits.CallsPerMinute, "requests-per-minute", f.limits.CallsPerMinute, "calls a minute; 0: no limit (as for all limits)")
	set.IntVar(&f.limits.CallsPerHour, "requests-per-hour", f.limits.CallsPerHour, "calls an hour")
	set.DurationVar(&f.limits.CPUPerQuarterHour, "cpu-per-quarter-hour", f.limits.CPUPerQuarterHour, "CPU a quarter hour")
	set.DurationVar(&f.limits.QueryTimeout, "query-timeout", f.limits.QueryTimeout, "time that a query may take")
	set.IntVar(&f.limits.MaxRows, "max-rows", f.limits.MaxRows, "rows in a result; more are cut off silently")
	set.IntVar(&f.limits.MaxResultBytes, "max-result-bytes", f.limits.MaxResultBytes, "size of a result; more is refused")
	set.BoolVar(&f.verbose, "verbose", false, "log refused TLS handshakes and the like")
}

// options checks the flags; errors name the flag.
func (f *flags) options() (defendersim.Options, error) {
	o := f.emulator
	o.Limits = &f.limits
	var errs []error
	note := func(flag string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("--%s: %w", flag, err))
		}
	}
	var err error
	o.Faults, err = defendersim.ParseFaults(f.faults)
	note("fault", err)
	o.Quirks, err = defendersim.ParseQuirks(f.quirks)
	note("quirks", err)
	for _, text := range f.rows {
		file, err := defendersim.ParseRowFile(text)
		note("rows", err)
		o.RowFiles = append(o.RowFiles, file)
	}
	for _, path := range f.certificates {
		certificate, err := readCertificate(path)
		note("client-certificate", err)
		o.Certificates = append(o.Certificates, certificate)
	}
	if f.tenant.RowsPerDay > 0 {
		cfg := f.tenant
		cfg.Seed = o.Seed
		note("late", parseShare(f.late, &cfg.LateShare, &cfg.LateMax))
		note("hidden", parseShare(f.hidden, &cfg.HiddenShare, &cfg.HiddenMax))
		note("alerts-apart", parseShare(f.alertsApart, &cfg.AlertApartShare, &cfg.AlertApartMax))
		o.Tenant = &cfg
	}
	return o, errors.Join(errs...)
}

// readCertificate reads the first certificate of a PEM file.
func readCertificate(path string) (*x509.Certificate, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
	}
	return nil, fmt.Errorf("%s holds no certificate in PEM", path)
}

func (f *flags) logLevel() slog.Level {
	if f.verbose {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

func shareText(share float64, longest time.Duration) string {
	return strconv.FormatFloat(share, 'f', -1, 64) + ":" + longest.String()
}

// parseShare reads SHARE or SHARE:MAX; without MAX it leaves that as it is.
func parseShare(text string, share *float64, longest *time.Duration) error {
	number, duration, hasDuration := strings.Cut(text, ":")
	var err error
	if *share, err = strconv.ParseFloat(number, 64); err != nil {
		return fmt.Errorf("%q: write SHARE:MAX like 0.01:48h", text)
	}
	if hasDuration {
		if *longest, err = time.ParseDuration(duration); err != nil {
			return fmt.Errorf("%q: write SHARE:MAX like 0.01:48h", text)
		}
	}
	return nil
}
