package defenderreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAlertContextSettings(t *testing.T) {
	valid := func() *Config {
		cfg := createDefaultConfig().(*Config)
		cfg.Feeds.AlertsV2.Enabled, cfg.AlertContext.Enabled = true, true
		return cfg
	}
	cfg := valid()
	assert.NoError(t, cfg.AlertContext.validate(cfg.Feeds))
	for want, change := range map[string]func(*Config){
		"needs the alerts":         func(c *Config) { c.Feeds.AlertsV2.Enabled = false },
		"'source'":                 func(c *Config) { c.AlertContext.Source = "Alerts" },
		"'min_severity'":           func(c *Config) { c.AlertContext.MinSeverity = "High" },
		"'emit'":                   func(c *Config) { c.AlertContext.Emit = "all" },
		"'fallback'":               func(c *Config) { c.AlertContext.Fallback = []ContextRelation{"self"} },
		"has 0 entries":            func(c *Config) { c.AlertContext.Delays = nil },
		"must grow":                func(c *Config) { c.AlertContext.Delays = []time.Duration{time.Hour, time.Minute} },
		"'window::before'":         func(c *Config) { c.AlertContext.Window.Before = 0 },
		"'tables' is empty":        func(c *Config) { c.AlertContext.Tables = nil },
		"names DeviceEvents twice": func(c *Config) { c.AlertContext.Tables = []string{"DeviceEvents", "DeviceEvents"} },
		"DeviceInfo":               func(c *Config) { c.AlertContext.Tables = []string{"DeviceInfo"} },
		"'max_rows_per_alert'":     func(c *Config) { c.AlertContext.MaxRowsPerAlert = 0 },
		"'quota_share'":            func(c *Config) { c.AlertContext.QuotaShare = 1.5 },
	} {
		cfg := valid()
		change(cfg)
		assert.ErrorContains(t, cfg.AlertContext.validate(cfg.Feeds), want)
	}
}
