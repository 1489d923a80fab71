package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	api "github.com/otelcol-defender/otelcol-defender/internal/control"
	"github.com/otelcol-defender/otelcol-defender/internal/proof"
)

// readRunning asks the control API of a running collector.
func readRunning(ctx context.Context, from *control, receiver string, day proof.Day) (proof.Document, error) {
	if receiver == "" {
		var err error
		if receiver, err = onlyReceiver(ctx, from); err != nil {
			return nil, err
		}
	}
	var answer json.RawMessage
	path := "/api/v1/receivers/" + url.PathEscape(receiver) + "/report?day=" + url.QueryEscape(string(day))
	if err := from.ask(ctx, http.MethodGet, path, &answer); err != nil {
		return nil, err
	}
	return decodeReport(answer)
}

// decodeReport reads a report of whatever kind.
func decodeReport(answer []byte) (proof.Document, error) {
	var head struct {
		Version int
		Kind    string
	}
	if err := json.Unmarshal(answer, &head); err != nil {
		return nil, fmt.Errorf("read the collector's report: %w", err)
	}
	var report proof.Document
	switch head.Kind {
	case "":
		report = &proof.Report{}
	case proof.KindExport:
		report = &proof.ExportReport{}
	}
	if head.Version != proof.Version || report == nil {
		return nil, fmt.Errorf("the collector's report is of version %d, and this defenderctl reads version %d: use that of the same release",
			head.Version, proof.Version)
	}
	if err := json.Unmarshal(answer, report); err != nil {
		return nil, fmt.Errorf("read the collector's report: %w", err)
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
		return "", errors.New("there is no receiver of the type defender or defender_storage")
	case 1:
		return ids[0], nil
	default:
		return "", fmt.Errorf("there are several receivers: say which one with --receiver, of %s", strings.Join(ids, ", "))
	}
}
