package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/defendersim"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/tenant"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/scripts/bench/internal/service"
)

// extent is what is recorded: a part of a working day of a tenant.
type extent struct {
	rowsPerDay int
	part       time.Duration
}

// The recording is always the same.
const (
	recordedSeed = 16
	// directoryPast is how far back a directory is read at first.
	directoryPast = 48 * time.Hour
)

var recordedAt = time.Date(2026, 3, 4, 15, 0, 0, 0, time.UTC)

// record has the emulator answer queries, by table.
func record(ctx context.Context, queries map[string]string, of extent) (*service.Recording, error) {
	config := tenant.DefaultConfig()
	config.Seed, config.Start, config.History, config.RowsPerDay = recordedSeed, recordedAt, directoryPast, of.rowsPerDay
	config.LateShare, config.HiddenShare, config.FutureShare, config.AlertApartShare = 0, 0, 0, 0
	emulator, err := defendersim.Start(ctx, defendersim.Options{
		Now: defendersim.NewClock(recordedAt).Now, Seed: recordedSeed, Tenant: &config,
		Limits: &defendersim.Limits{}, Quirks: defendersim.DefaultQuirks(),
	})
	if err != nil {
		return nil, err
	}
	defer func() { _ = emulator.Close() }() // it has a temporary CA
	asker, err := newAsker(ctx, emulator)
	if err != nil {
		return nil, err
	}
	recording := new(service.Recording)
	for _, table := range tables.All() {
		past := of.part
		if table.Kind == tables.Directory {
			past = directoryPast
		}
		const all = 1_000_000
		answered, err := asker.ask(ctx, service.WithRange(queries[table.Schema.Name], recordedAt.Add(-past), recordedAt, all))
		if err != nil {
			return nil, fmt.Errorf("record %s: %w", table.Name, err)
		}
		answered.Name, answered.Directory = table.Schema.Name, table.Kind == tables.Directory
		recording.Tables = append(recording.Tables, *answered)
	}
	return recording, nil
}

// queriesOf are the collector's first queries for rows of each table.
func queriesOf(ctx context.Context, collector, directory string) (map[string]string, error) {
	empty, err := service.New(new(service.Recording), service.Span{}, false)
	if err != nil {
		return nil, err
	}
	ca := filepath.Join(directory, "ca.pem")
	server, err := startTLS(empty.Handler(), ca)
	if err != nil {
		return nil, err
	}
	defer server.Close()
	c, err := startCollector(ctx, collector, filepath.Join(directory, "asking"), setup{into: intoNop, service: server.URL, ca: ca})
	if err != nil {
		return nil, err
	}
	defer c.kill()
	if err := waitFor(ctx, time.Minute, c, "query of each table", func() bool { return len(notAsked(empty)) == 0 }); err != nil {
		return nil, fmt.Errorf("%w; not asked for: %s; %+v", err, strings.Join(notAsked(empty), ", "), empty.Progress())
	}
	return empty.Asked(), nil
}

// notAsked are the tables whose rows nobody has asked for yet.
func notAsked(s *service.Service) (missing []string) {
	asked := s.Asked()
	for _, table := range tables.All() {
		if asked[table.Schema.Name] == "" {
			missing = append(missing, table.Name)
		}
	}
	return missing
}

// asker asks the emulator.
type asker struct {
	client     *http.Client
	url, token string
}

func newAsker(ctx context.Context, emulator *defendersim.Server) (*asker, error) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(emulator.CAPEM())
	a := &asker{
		client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}},
		url:    emulator.URL() + "/v1.0/security/runHuntingQuery",
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {emulator.ClientID}, "client_secret": {emulator.ClientSecret},
		"scope": {"https://graph.microsoft.com/.default"},
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	err := a.post(ctx, emulator.URL()+"/"+emulator.TenantID+"/oauth2/v2.0/token", "application/x-www-form-urlencoded", []byte(form.Encode()), &answer)
	if err != nil {
		return nil, fmt.Errorf("get a token of the emulator: %w", err)
	}
	a.token = answer.Token
	return a, nil
}

// ask gives the rows that answer a query.
func (a *asker) ask(ctx context.Context, query string) (*service.Table, error) {
	body, err := json.Marshal(map[string]string{"Query": query})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Schema  json.RawMessage   `json:"schema"`
		Results []json.RawMessage `json:"results"`
	}
	if err := a.post(ctx, a.url, "application/json", body, &answer); err != nil {
		return nil, err
	}
	table := &service.Table{Schema: answer.Schema}
	for _, row := range answer.Results {
		if bytes.Contains(row, []byte(`"ServiceNow":"`)) {
			table.Now = row
			continue
		}
		table.Rows = append(table.Rows, row)
	}
	if table.Now == nil {
		return nil, errors.New("the answer does not say the service's time")
	}
	// The same each time, even of a table whose rows are in no order.
	slices.SortStableFunc(table.Rows, func(x, y []byte) int { return bytes.Compare(arrivalOf(x), arrivalOf(y)) })
	return table, nil
}

// arrivalOf is a row from its time of arrival on.
func arrivalOf(row []byte) []byte {
	_, rest, _ := bytes.Cut(row, []byte(`"IngestionTime":`))
	return rest
}

func (a *asker) post(ctx context.Context, to, contentType string, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Authorization", "Bearer "+a.token)
	response, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the emulator answered %s", response.Status)
	}
	return json.NewDecoder(response.Body).Decode(answer)
}
