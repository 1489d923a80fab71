package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	api "github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
)

// readRunning asks the control API of a running collector.
func readRunning(ctx context.Context, from *control, receiver string, day proof.Day) (*proof.Report, error) {
	if receiver == "" {
		var err error
		if receiver, err = onlyReceiver(ctx, from); err != nil {
			return nil, err
		}
	}
	report := &proof.Report{}
	path := "/api/v1/receivers/" + url.PathEscape(receiver) + "/report?day=" + url.QueryEscape(string(day))
	if err := from.ask(ctx, http.MethodGet, path, report); err != nil {
		return nil, err
	}
	if report.Version != proof.Version {
		return nil, fmt.Errorf("the collector's report is of version %d, and this defenderctl reads version %d: use that of the same release",
			report.Version, proof.Version)
	}
	return report, nil
}

// onlyReceiver is the id of the one receiver of a collector.
func onlyReceiver(ctx context.Context, from *control) (string, error) {
	var status api.Status
	if err := from.ask(ctx, http.MethodGet, "/api/v1/status", &status); err != nil {
		return "", err
	}
	ids := make([]string, 0, len(status.Receivers))
	for _, r := range status.Receivers {
		ids = append(ids, r.ID)
	}
	return only(ids)
}

// only is the one id that there is.
func only(ids []string) (string, error) {
	switch len(ids) {
	case 0:
		return "", errors.New("there is no receiver of the type defender")
	case 1:
		return ids[0], nil
	default:
		return "", fmt.Errorf("there are several receivers: say which one with --receiver, of %s", strings.Join(ids, ", "))
	}
}
