package defendersim

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/emulator/blobs"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/entra"
	"github.com/otelcol-defender/otelcol-defender/internal/emulator/rows"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

const (
	// exportInterval is how often rows are appended that have come since. The service does so several times a minute.
	exportInterval = 10 * time.Second
	// exportSince is from how long before the start on rows are exported.
	exportSince = time.Hour
	accountName = "defendersim"
	// serviceTime is how the service writes times.
	serviceTime = "2006-01-02T15:04:05.0000000Z"
)

// storageExport appends the tenant's rows to an emulated storage account, as the Streaming API does.
type storageExport struct {
	tenantID string
	database *rows.Database
	now      func() time.Time
	account  *blobs.Service
	listener *listener
	ended    chan struct{} // closed when no more is appended

	mu    sync.Mutex // guards what follows, and makes one step of an export
	until time.Time  // rows up to then were appended
}

// export serves the account over TLS, and exports rows to it until ctx ends.
func (s *Server) export(ctx context.Context, o Options) error {
	certificate, err := s.state.ca.serverCertificate()
	if err != nil {
		return err
	}
	e := &storageExport{tenantID: o.TenantID, database: s.database, now: o.Now, ended: make(chan struct{}), until: o.Now().Add(-exportSince)}
	e.account = blobs.New(blobs.Config{Now: o.Now, EndIs416: true, Authorize: func(r *http.Request, operation blobs.Operation) blobs.Kind {
		switch {
		case operation == blobs.Write:
			return blobs.NoRole
		case s.entra.Authenticate(r, entra.AudienceStorage) != nil:
			return blobs.Unauthorized
		default:
			return ""
		}
	}})
	if e.listener, err = listen(ctx, o.StorageListen, o.Logger, &certificate, e.account); err != nil {
		return err
	}
	s.storageExport = e
	go e.run(o.Logger) //nolint:contextcheck // it ends with the listener
	return nil
}

// run exports until the listener ends.
func (e *storageExport) run(logger *slog.Logger) {
	defer close(e.ended)
	ticker := time.NewTicker(exportInterval)
	defer ticker.Stop()
	for {
		select {
		case <-e.listener.over:
			return
		case <-ticker.C:
		}
		if err := e.Export(); err != nil {
			logger.Error("export rows to the storage account", "error", err)
		}
	}
}

func (e *storageExport) close() {
	e.listener.close()
	<-e.ended
}

// Export appends the rows to the storage account that have come since the last time. It does so by itself every ten seconds.
// A row that is planted with an ingestion time before that is not exported.
func (e *storageExport) Export() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now()
	for _, schema := range tables.Schemas() {
		found, err := e.database.Truth(schema.Name, e.until.Add(100*time.Nanosecond), now)
		if err != nil {
			continue // the tenant has no such table
		}
		var text []byte
		for _, row := range found {
			for column, v := range row.Row {
				if at, is := v.(time.Time); is {
					row.Row[column] = at.UTC().Format(serviceTime)
				}
			}
			line, err := json.Marshal(map[string]any{
				"time": row.IngestionTime, "tenantId": e.tenantID, "operationName": "Publish", "category": "AdvancedHunting-" + schema.Name,
				"_TimeReceivedBySvc": row.IngestionTime, "properties": row.Row, "Tenant": "DefaultTenant",
			})
			if err != nil {
				return fmt.Errorf("export a row of %s: %w", schema.Name, err)
			}
			text = append(append(text, line...), "\r\n"...)
		}
		if len(text) > 0 {
			e.account.Append("insights-logs-advancedhunting-"+strings.ToLower(schema.Name), "tenantId="+e.tenantID+"/"+
				now.UTC().Format("y=2006/m=01/d=02/h=15")+"/m=00/PT1H.json", text)
		}
	}
	e.until = now
	return nil
}

// StorageURL is the address of the storage account; empty without Options.StorageListen.
func (e *storageExport) StorageURL() string {
	if e == nil {
		return ""
	}
	return e.listener.url + "/" + accountName
}

// Storage is the storage account; nil without Options.StorageListen.
func (e *storageExport) Storage() *blobs.Service {
	if e == nil {
		return nil
	}
	return e.account
}
