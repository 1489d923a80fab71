package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// host is where everything listens: nothing of the demo can be reached from another machine.
const host = "127.0.0.1"

// ports are what the emulator and the collector listen on.
type ports struct{ emulator, page, health, metrics int }

// usual are the ports of config/demo.yaml.
var usual = ports{emulator: 8443, page: 13134, health: 13133, metrics: 8888}

// lastPort is the last port that can be the first of a demo's ports.
const lastPort = 1<<16 - 4

// portsFrom are four ports in a row, or the usual ones if base is 0.
func portsFrom(base int) (ports, error) {
	switch {
	case base == 0:
		return usual, nil
	case base < 1 || base > lastPort:
		return ports{}, fmt.Errorf("PORT_BASE is %d: choose a number from 1 to %d, e.g. 20000; the demo takes it and the next three", base, lastPort)
	}
	return ports{base, base + 1, base + 2, base + 3}, nil
}

func address(port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

func (p ports) emulatorURL() string { return "https://" + address(p.emulator) }

func (p ports) pageURL() string { return "http://" + address(p.page) + "/" }

func (p ports) healthURL() string { return "http://" + address(p.health) + "/status?verbose" }

func (p ports) metricsURL() string { return "http://" + address(p.metrics) + "/metrics" }

// check finds out before anything is started whether something else listens where the demo will.
func (p ports) check(ctx context.Context) error {
	var errs []error
	for _, use := range []struct {
		port int
		user string
	}{
		{p.emulator, "the emulator"},
		{p.page, "the status page"},
		{p.health, "the collector's health check"},
		{p.metrics, "the collector's metrics"},
	} {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address(use.port))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s is for %s, but cannot be used; if another demo is running, choose other ports, "+
				"e.g. make run PORT_BASE=20000: %w", address(use.port), use.user, err))
			continue
		}
		_ = listener.Close()
	}
	return errors.Join(errs...)
}

// collectorArguments are the configuration, and what moves it to other ports than its own.
func (p ports) collectorArguments() ([]string, error) {
	arguments := []string{"--config", configPath}
	if p == usual {
		return arguments, nil
	}
	type object = map[string]any
	moved, err := json.Marshal(object{
		"receivers": object{"defender": object{
			"endpoint":    p.emulatorURL(),
			"credentials": object{"authority": p.emulatorURL()},
		}},
		"extensions": object{
			"defender_control": object{"endpoint": address(p.page)},
			"healthcheckv2":    object{"http": object{"endpoint": address(p.health)}},
		},
		"service": object{"telemetry": object{"metrics": object{"readers": []any{
			object{"pull": object{"exporter": object{"prometheus": object{
				"host": host, "port": p.metrics, "without_scope_info": false, "without_type_suffix": true, "without_units": true,
			}}}},
		}}}},
	})
	if err != nil {
		return nil, fmt.Errorf("write the configuration of the demo's ports: %w", err)
	}
	return append(arguments, "--config", "yaml:"+string(moved)), nil
}
