package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// child is a process that this one has started. Its log is a file.
type child struct {
	name    string
	log     string
	command *exec.Cmd
	stdin   io.WriteCloser
	done    chan struct{} // closed when it has ended
	err     error         // how; read it after done
}

// startChild starts a program. Its output goes to its log. Its end of input tells it that this process has ended.
func startChild(name, log string, environment []string, program string, arguments ...string) (*child, error) {
	file, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("create the log of the %s: %w", name, err)
	}
	defer file.Close()                                                                                         // the child has its own handle
	c := &child{name: name, log: log, command: exec.Command(program, arguments...), done: make(chan struct{})} //nolint:gosec // programs of this repository
	c.command.Env = append(os.Environ(), environment...)
	c.command.Stdout, c.command.Stderr = file, file
	if c.stdin, err = c.command.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start the %s: %w", name, err)
	}
	if err := c.command.Start(); err != nil {
		return nil, fmt.Errorf("start the %s: %w", name, err)
	}
	go func() {
		c.err = c.command.Wait()
		close(c.done)
	}()
	return c, nil
}

// stop asks the process to end, and waits for it.
func (c *child) stop() error {
	const grace = 30 * time.Second
	_ = c.stdin.Close()
	select {
	case <-c.done:
		return c.died()
	default:
	}
	if err := c.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the %s: %w", c.name, err)
	}
	select {
	case <-c.done:
	case <-time.After(grace):
		c.kill()
		return fmt.Errorf("the %s did not stop within %s\n%s", c.name, grace, c.lastLines())
	}
	if c.err != nil {
		return c.died()
	}
	return nil
}

// kill ends the process at once; one that has ended stays so.
func (c *child) kill() {
	_ = c.command.Process.Kill() // it has ended already
	<-c.done
}

// died describes an end that nobody asked for.
func (c *child) died() error {
	return fmt.Errorf("the %s ended: %w\n%s", c.name, orEnded(c.err), c.lastLines())
}

var errEnded = errors.New("exit status 0")

func orEnded(err error) error {
	if err == nil {
		return errEnded
	}
	return err
}

// lastLines is the end of the log, for a message.
func (c *child) lastLines() string {
	const count = 12
	text, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}

// greeting is the first line that a process of this program prints.
type greeting struct {
	// Endpoint is for the collector, and Admin for this program.
	Endpoint, Admin string
}

// role is a process of this program.
type role struct {
	*child
	greeting
}

// startRole starts this program in another role, and waits for its greeting.
func startRole(ctx context.Context, log string, arguments ...string) (*role, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	c, err := startChild(arguments[0], log, nil, self, arguments...)
	if err != nil {
		return nil, err
	}
	r := &role{child: c}
	if err := waitFor(ctx, time.Minute, c, "its greeting", func() bool {
		text, err := os.ReadFile(log)
		line, _, whole := bytes.Cut(text, []byte("\n"))
		return err == nil && whole && json.Unmarshal(line, &r.greeting) == nil
	}); err != nil {
		c.kill()
		return nil, err
	}
	return r, nil
}

// ask reads the progress of a process of this program.
func (r *role) ask(ctx context.Context, progress any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Admin+"/progress", http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the %s: %w", r.name, err)
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(progress)
}

// waitFor waits until something holds, while a process lives.
func waitFor(ctx context.Context, most time.Duration, c *child, what string, holds func() bool) error {
	deadline := time.After(most)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.done:
			return c.died()
		case <-deadline:
			return fmt.Errorf("the %s: no %s within %s\n%s", c.name, what, most, c.lastLines())
		case <-ticker.C:
		}
	}
	return nil
}
