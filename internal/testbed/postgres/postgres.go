//go:build unix

// Package postgres starts PostgreSQL itself for tests, with the programs of a folder.
package postgres

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-defender/otelcol-defender/internal/testbed/ports"
)

// Variable names the folder of initdb and pg_ctl.
const Variable = "POSTGRES_BIN"

// Server is a PostgreSQL on a port of this machine.
type Server struct {
	tb      testing.TB
	bin     string
	data    string
	port    string
	running bool
}

// Password is that of the user otelcol.
const Password = "a-secret-of-the-database"

// Start makes a database and starts its server, which ends with the test.
func Start(tb testing.TB) *Server {
	tb.Helper()
	bin := os.Getenv(Variable)
	if bin == "" {
		tb.Skipf("PostgreSQL is not used: make integration sets %s", Variable)
	}
	// A folder that the server's user can reach, with a path that is short enough for a socket.
	folder, err := os.MkdirTemp("", "postgres") //nolint:usetesting // TempDir is for this user alone
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = os.RemoveAll(folder) })
	s := &Server{tb: tb, bin: bin, data: filepath.Join(folder, "data"), port: ports.Free(tb)}
	password := filepath.Join(folder, "password")
	require.NoError(tb, os.WriteFile(password, []byte(Password), 0o600))
	s.give(folder, password)
	s.run("initdb", "-D", s.data, "-U", "otelcol", "--pwfile", password, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync")
	s.Begin()
	tb.Cleanup(func() {
		if s.running {
			s.Stop("immediate")
		}
	})
	return s
}

// Begin starts the server.
func (s *Server) Begin() {
	s.run("pg_ctl", "-D", s.data, "-l", filepath.Join(filepath.Dir(s.data), "log"), "-w", "-t", "60", "-o",
		fmt.Sprintf("-c listen_addresses=127.0.0.1 -c port=%s -c unix_socket_directories= -c max_connections=60 -c shared_buffers=16MB", s.port), "start")
	s.running = true
}

// Stop ends the server: fast, or immediate as if it had crashed.
func (s *Server) Stop(mode string) {
	s.run("pg_ctl", "-D", s.data, "-w", "-t", "60", "-m", mode, "stop")
	s.running = false
}

// Address is where the server listens.
func (s *Server) Address() string { return "127.0.0.1:" + s.port }

// DSN is how the database is reached at an address, the server's own or that of a proxy.
func (s *Server) DSN(address string) string {
	return fmt.Sprintf("postgres://otelcol:%s@%s/postgres?sslmode=disable", Password, address)
}

// Connect connects a test to the database.
func (s *Server) Connect() *pgx.Conn {
	s.tb.Helper()
	conn, err := pgx.Connect(s.tb.Context(), s.DSN(s.Address()))
	require.NoError(s.tb, err)
	s.tb.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// give lets the server's user reach files. PostgreSQL does not run as root.
func (s *Server) give(paths ...string) {
	if as := s.account(); as != nil {
		for _, path := range paths {
			require.NoError(s.tb, os.Chown(path, int(as.Uid), int(as.Gid)))
		}
	}
}

// account is the user of the server; nil: this process' own.
func (s *Server) account() *syscall.Credential {
	if os.Geteuid() != 0 {
		return nil
	}
	as, err := user.Lookup("postgres")
	require.NoError(s.tb, err, "PostgreSQL does not run as root")
	uid, err := strconv.ParseUint(as.Uid, 10, 32)
	require.NoError(s.tb, err)
	gid, err := strconv.ParseUint(as.Gid, 10, 32)
	require.NoError(s.tb, err)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (s *Server) run(program string, arguments ...string) {
	s.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, filepath.Join(s.bin, program), arguments...) //nolint:gosec // the programs of PostgreSQL
	command.Dir = filepath.Dir(s.data)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: s.account()}
	// The server inherits what the program writes to: a pipe would keep the program from ending.
	output, err := os.CreateTemp(s.tb.TempDir(), "output")
	require.NoError(s.tb, err)
	defer output.Close()
	command.Stdout, command.Stderr = output, output
	err = command.Run()
	text, _ := os.ReadFile(output.Name())
	require.NoError(s.tb, err, "%s: %s", program, text)
}
