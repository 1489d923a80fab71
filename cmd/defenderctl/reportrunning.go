package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/proof"
)

// reportTimeout is for one request. A report reads the whole journal.
const reportTimeout = time.Minute

// readRunning asks the control API of a running collector.
func readRunning(ctx context.Context, base, receiver string, day proof.Day) (*proof.Report, error) {
	if receiver == "" {
		var err error
		if receiver, err = onlyReceiver(ctx, base); err != nil {
			return nil, err
		}
	}
	report := &proof.Report{}
	path := "/api/v1/receivers/" + url.PathEscape(receiver) + "/report?day=" + url.QueryEscape(string(day))
	if err := getJSON(ctx, base, path, report); err != nil {
		return nil, err
	}
	if report.Version != proof.Version {
		return nil, fmt.Errorf("the collector's report is of version %d, and this defenderctl reads version %d: use that of the same release",
			report.Version, proof.Version)
	}
	return report, nil
}

// onlyReceiver is the id of the one receiver of a collector.
func onlyReceiver(ctx context.Context, base string) (string, error) {
	var status struct {
		Receivers []struct {
			ID string `json:"id"`
		} `json:"receivers"`
	}
	if err := getJSON(ctx, base, "/api/v1/status", &status); err != nil {
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

func getJSON(ctx context.Context, base, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(base, "/")+path, nil)
	if err != nil {
		return fmt.Errorf("--url: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the collector does not answer (does it run, with the extension defender_control? For one that is stopped use "+
			"--config): %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the collector answers %s with %s: %s", path, response.Status, strings.TrimSpace(string(body)))
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("read the answer of %s: %w", path, err)
	}
	return nil
}
