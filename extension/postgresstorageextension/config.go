package postgresstorageextension

import (
	"fmt"
	"os"
	"regexp"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-defender/otelcol-defender/extension/postgresstorageextension/internal/database"
	"github.com/otelcol-defender/otelcol-defender/internal/settings"
)

// Config is the extension's configuration. It is the same on all workers.
type Config struct {
	// DSN is how the database is reached: postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full, or key=value
	// pairs as in libpq. Several hosts may be named; add target_session_attrs=read-write to find the primary.
	DSN configopaque.String `mapstructure:"dsn" example:"postgres://otelcol@db.example.com/otelcol?sslmode=verify-full"`
	// PasswordFile holds the password in the place of the DSN. It is read again for each new connection, so a new password
	// needs no restart.
	PasswordFile string `mapstructure:"password_file" example:"/run/secrets/postgres-password"`
	// Schema is where the two tables are. It and they are made if they are not there.
	Schema string `mapstructure:"schema" example:"otelcol_defender"`
	// Worker is how this process is called on the status page and in the log. Two workers may not have one name. Empty: the
	// host's name and the process id.
	Worker string `mapstructure:"worker" example:"worker-1"`
	// LeaseDuration is after how long without a sign of life the receivers of a worker go to another one.
	LeaseDuration time.Duration `mapstructure:"lease_duration" example:"30s"`
	// Timeout is how long a request to the database may take.
	Timeout time.Duration `mapstructure:"timeout" example:"5s"`
	// MaxConnections is how many connections a worker has at most.
	MaxConnections int `mapstructure:"max_connections" example:"8"`

	// written is what the user wrote and the fields above do not show.
	written *settings.Written

	// prevent unkeyed literal initialization
	_ struct{}
}

var (
	_ component.Config    = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
)

const (
	defaultSchema         = "otelcol_defender"
	defaultLeaseDuration  = 30 * time.Second
	defaultTimeout        = 5 * time.Second
	defaultMaxConnections = 8
	// shortestLease leaves a renewal, a quarter of it, time enough on a busy machine.
	shortestLease = 2 * time.Second
	longestLease  = time.Hour
	// mostConnections is more than any worker needs, and as many as a server of PostgreSQL's defaults has for all.
	mostConnections = 100
)

func createDefaultConfig() component.Config {
	return &Config{
		Schema: defaultSchema, LeaseDuration: defaultLeaseDuration, Timeout: defaultTimeout, MaxConnections: defaultMaxConnections,
	}
}

// Unmarshal decodes what is written. What is wrong with it is for Validate to say, together with everything else.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	written, err := settings.Decode(conf, c)
	c.written = written
	return err
}

var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// Validate names each key that is wrong and says what to do.
func (c *Config) Validate() error {
	return c.written.Report(c.checkDSN(), c.checkSchema(),
		settings.Within("lease_duration", c.LeaseDuration, shortestLease, longestLease),
		c.checkTimeout(),
		settings.Within("max_connections", c.MaxConnections, 2, mostConnections))
}

func (c *Config) checkDSN() error {
	if c.DSN == "" {
		return settings.Problemf("dsn", "is required: write how the database is reached, e.g. postgres://otelcol@db.example.com/otelcol?sslmode=verify-full")
	}
	if err := database.CheckDSN(string(c.DSN)); err != nil {
		return settings.Problemf("dsn", "cannot be used: %s", err)
	}
	return nil
}

func (c *Config) checkSchema() error {
	if !schemaName.MatchString(c.Schema) {
		return settings.Problemf("schema", "is no name of a schema: write lower-case letters, digits and _, e.g. %s", defaultSchema)
	}
	return nil
}

// checkTimeout leaves a renewal time for a second try before the worker stops.
func (c *Config) checkTimeout() error {
	if c.Timeout <= 0 || c.Timeout > c.LeaseDuration/2 {
		return settings.Problemf("timeout", "must be more than 0 and at most half of lease_duration (%s)", settings.Duration(c.LeaseDuration/2))
	}
	return nil
}

func (c *Config) database() database.Settings {
	return database.Settings{
		DSN: string(c.DSN), PasswordFile: c.PasswordFile, Schema: c.Schema, MaxConnections: int32(c.MaxConnections), //nolint:gosec // it is at most mostConnections
		Timeout: c.Timeout, Lease: c.LeaseDuration,
	}
}

// worker is the name of this process.
func (c *Config) worker() string {
	if c.Worker != "" {
		return c.Worker
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}
