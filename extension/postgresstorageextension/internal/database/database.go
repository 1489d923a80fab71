package database

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Settings are how a database is reached.
type Settings struct {
	// DSN is a connection string, which may hold a password.
	DSN string
	// PasswordFile holds the password; empty: DSN has it, or none is needed. It is read for each new connection.
	PasswordFile   string
	Schema         string
	MaxConnections int32
	// Timeout bounds each request.
	Timeout time.Duration
	// Lease is how long a lease is held after it was renewed.
	Lease time.Duration
}

// Database is the storage's part of a PostgreSQL database.
type Database struct {
	pool     *pgxpool.Pool
	set      Settings
	sql      statements
	password atomic.Pointer[string]

	mu    sync.Mutex // held while the tables are made
	ready bool       // the tables are there
}

// errDSN has no cause, because that may hold the password.
var errDSN = errors.New("it is no connection string of PostgreSQL: write postgres://USER@HOST:5432/DATABASE?sslmode=verify-full, " +
	"or host=HOST user=USER dbname=DATABASE sslmode=verify-full; what is written is not repeated, because it may hold a password")

// CheckDSN reports what is wrong with a connection string. It repeats nothing of it.
func CheckDSN(dsn string) error {
	if _, err := pgx.ParseConfig(dsn); err != nil {
		return errDSN
	}
	return nil
}

// IsPlain reports whether passwords and entries may cross a network in clear text, or to a server that is not checked.
func IsPlain(dsn string) bool {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return false
	}
	plain := config.TLSConfig == nil || config.TLSConfig.InsecureSkipVerify && config.TLSConfig.VerifyPeerCertificate == nil
	for _, other := range config.Fallbacks {
		plain = plain || other.TLSConfig == nil
	}
	return plain && !isLocal(config.Host)
}

func isLocal(host string) bool {
	address := net.ParseIP(host)
	return strings.HasPrefix(host, "/") || host == "localhost" || address != nil && address.IsLoopback()
}

// Open prepares connections. It makes none: a database that is down keeps nobody from starting.
func Open(ctx context.Context, set Settings) (*Database, error) {
	config, err := pgxpool.ParseConfig(set.DSN)
	if err != nil {
		return nil, errDSN
	}
	d := &Database{set: set, sql: statementsIn(set.Schema)}
	d.password.Store(&config.ConnConfig.Password)
	config.MaxConns = set.MaxConnections
	config.ConnConfig.ConnectTimeout = set.Timeout
	// Statements are not prepared, so that a pooler such as PgBouncer may stand between.
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.BeforeConnect = d.beforeConnect
	if d.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, d.redacted("prepare connections", err)
	}
	return d, nil
}

// beforeConnect reads the password, which may have been changed.
func (d *Database) beforeConnect(_ context.Context, config *pgx.ConnConfig) error {
	if d.set.PasswordFile == "" {
		return nil
	}
	content, err := os.ReadFile(d.set.PasswordFile)
	if err != nil {
		return fmt.Errorf("'password_file': %w", err)
	}
	password := strings.TrimRight(string(content), "\r\n")
	d.password.Store(&password)
	config.Password = password
	return nil
}

// Close ends the connections.
func (d *Database) Close() { d.pool.Close() }

// within bounds a request.
func (d *Database) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d.set.Timeout)
}

// redacted says what failed, without the password. Of the cause it keeps no more than the text and whether the caller's
// time was over: the errors of the driver hold its settings.
func (d *Database) redacted(doing string, err error) error {
	text := err.Error()
	for _, secret := range []string{d.set.DSN, *d.password.Load()} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[REDACTED]")
		}
	}
	for _, cause := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, cause) {
			return fmt.Errorf("the database: %s: %s: %w", doing, text, cause)
		}
	}
	return fmt.Errorf("the database: %s: %s", doing, text)
}
