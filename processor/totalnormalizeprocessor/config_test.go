package totalnormalizeprocessor

import (
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/metadata"
)

func nanValue() float64 { return math.NaN() }

func validConfig() *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.DomainID = testDomain
	return cfg
}

// The configuration reference shows storage with an empty default.
func TestEmptyStorageIsNone(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"domain_id": "d", "storage": ""}).Unmarshal(cfg))
	assert.Nil(t, cfg.StorageID)
}

func TestConfig(t *testing.T) {
	all, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	everything := validConfig()
	everything.TUID = TUIDConfig{MappingFile: "/etc/otelcol/tuids.csv", Unmapped: UnmappedDrop}
	everything.Accounts = AccountsConfig{
		Exclude: accounts.Patterns{Names: []string{"svc-*"}, Domains: []string{"LAB"}, SIDs: []string{"S-1-5-21-1-*"}},
		Include: accounts.Patterns{Names: []string{"sshd"}},
	}
	everything.LoggedOnUsers = false
	everything.Directories = DirectoriesConfig{MaxEntries: 1000, MaxAge: 24 * time.Hour}
	everything.SemanticAttributes = true
	everything.StorageID = new(component.MustNewIDWithName("file_storage", "directories"))
	everything.OtherRecords = OtherRecordsDrop
	everything.AdditionalColumns = []string{"ProcessId", "ProcessCreationTime"}
	for name, c := range map[string]struct {
		want    *Config
		wantErr string
	}{
		"":              {want: validConfig()},
		"everything":    {want: everything},
		"no_domain":     {wantErr: "'domain_id' is required"},
		"unmapped":      {wantErr: "'tuid::unmapped' is \"keep\": it must be one of derive, empty, drop"},
		"other_records": {wantErr: "'other_records' is \"maybe\": it must be one of pass, drop"},
		"pattern":       {wantErr: "'accounts::exclude::names' holds an empty pattern"},
		"directories":   {wantErr: "'directories::max_entries' is 0: it must be greater than zero\n  - 'directories::max_age' is -1h: it must be greater than zero"},
		"unknown_key":   {wantErr: "'domain' is no key"},

		"additional_columns": {wantErr: `'additional_columns' names "Process Id", which is no column`},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := createDefaultConfig()
			sub, err := all.Sub(component.NewIDWithName(metadata.Type, name).String())
			require.NoError(t, err)
			err = loadConfig(sub, cfg)
			if c.wantErr != "" {
				require.ErrorContains(t, err, c.wantErr)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, cfg)
		})
	}
}

func loadConfig(conf *confmap.Conf, cfg component.Config) error {
	if err := conf.Unmarshal(cfg); err != nil {
		return err
	}
	return confmap.Validate(cfg)
}
