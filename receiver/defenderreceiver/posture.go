package defenderreceiver

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/internal/tables"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/journal"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/posture"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/source"
)

// scoreAudit is how often all days are read again that the service keeps.
const scoreAudit = 24 * time.Hour

// posture makes the lanes of Secure Score, and of open alerts, where a pipeline wants them.
func (b lists) posture(ctx context.Context) ([]*lane, error) {
	var lanes []*lane
	if b.techniques != nil {
		l, err := b.controlAlerts(ctx)
		if err != nil {
			return nil, err
		}
		lanes = append(lanes, l)
	}
	if b.wantsScoreRecords() || b.figures != nil && wantsScores(b.cfg.Metrics) {
		l, err := b.secureScores(ctx)
		if err != nil {
			return nil, err
		}
		lanes = append(lanes, l)
	}
	if b.figures != nil && b.cfg.Metrics.DefenderAlertsOpen.Enabled {
		lanes = append(lanes, b.openAlerts(ctx))
	}
	return lanes, nil
}

func (b lists) wantsScoreRecords() bool { return b.next != nil && b.cfg.Feeds.SecureScores.Enabled }

// secureScores makes the lane of Secure Score, with its stored state.
func (b lists) secureScores(ctx context.Context) (*lane, error) {
	interval := b.cfg.Feeds.SecureScores.PollInterval
	b.telemetry.begin(ctx, secureScores)
	metrics := b.telemetry.history(secureScores)
	metrics.begin(ctx)
	seen, logger := b.registry.Add(secureScores, secureScores, true), b.set.Logger.With(zap.String("table", secureScores))
	limit, release := b.cfg.listLimit()
	lists := source.ScoreLists{
		Scores: b.list(secureScores, hunting.SecureScores, limit, logger), Profiles: b.list(secureScores, hunting.ControlProfiles, limit, logger),
	}
	audits := source.NewFeedAuditor(scoreAudit, posture.Kept*24*time.Hour, metrics, seen, logger)
	audits.KeepsRefused = b.cfg.DeadLetter.Directory != ""
	settings := source.ScoreSettings{
		Name: secureScores, Store: b.store, StoreKey: b.keyOf("feed", secureScores),
		Board: posture.NewBoard[posture.Figures](interval),
	}
	if b.figures != nil {
		settings.Board = b.figures.scores
	}
	if b.techniques != nil {
		settings.Controls = b.techniques.Controls
	}
	if b.wantsScoreRecords() {
		settings.Records = source.NewScoreRecords(b.cfg.Credentials.TenantID,
			b.outlet(&tables.Table{Name: secureScores}, "", interval, seen), metrics, seen, b.now)
	}
	scores := source.NewSecureScores(settings, lists, audits, seen)
	l := &lane{
		table: secureScores, id: secureScores, kind: feedKind, source: scores, health: seen, now: lists.Scores.Time,
		loop: b.loop(scores, secureScores, seen, b.gates.apart, interval), release: release,
	}
	l.loop.Polled = settings.Board.Polled
	if settings.Records == nil {
		return l, nil
	}
	l.record = audits.Record()
	if b.journal != nil {
		audits.Audited = b.listJournalist(journal.Lane{Table: secureScores, TimeBasis: byCreation}, audits, func() time.Time { return time.Time{} }, logger)
	}
	return l, scores.Resume(ctx)
}

// openTechniques takes up the alerts that are counted by controls, where a user wants that.
func (b lists) openTechniques(ctx context.Context) error {
	own := b.cfg.Feeds.SecureScores.ControlAlerts
	if b.next == nil || own.TechniquesFile == "" {
		return nil
	}
	if _, err := readTable(own.TechniquesFile); err != nil {
		return fmt.Errorf("'feeds::secure_scores::control_alerts::techniques_file': %w", err)
	}
	var err error
	b.techniques, err = source.NewTechniqueAlerts(ctx, posture.NewControls(own.Window), b.store, b.keyOf("posture", "alerts"), b.now())
	return err
}

// controlAlerts makes the lane of how many alerts belong to each control.
func (b lists) controlAlerts(ctx context.Context) (*lane, error) {
	own, interval := b.cfg.Feeds.SecureScores.ControlAlerts, b.cfg.Feeds.AlertsV2.PollInterval
	b.telemetry.begin(ctx, controlAlerts)
	seen := b.registry.Add(controlAlerts, controlAlerts, true)
	counts := &source.ControlAlerts{
		Name: controlAlerts, Store: b.store, StoreKey: b.keyOf("feed", controlAlerts), Controls: b.techniques.Controls, Health: seen, Now: b.now,
		Records: source.NewScoreRecords(b.cfg.Credentials.TenantID, b.outlet(&tables.Table{Name: controlAlerts}, "", interval, seen),
			b.telemetry.history(controlAlerts), seen, b.now),
		Table: func() (posture.Table, error) { return readTable(own.TechniquesFile) },
	}
	l := &lane{
		table: controlAlerts, id: controlAlerts, kind: countKind, source: counts, health: seen, now: b.now,
		loop: b.loop(counts, controlAlerts, seen, b.gates.apart, interval),
	}
	return l, counts.Resume(ctx)
}

// readTable reads a user's table of controls and techniques.
func readTable(path string) (posture.Table, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the table of controls and techniques: %w", err)
	}
	defer file.Close()
	table, err := posture.ParseTable(file)
	if err != nil {
		return nil, fmt.Errorf("read the table of controls and techniques %s: %w", path, err)
	}
	return table, nil
}

// keyOf is where something of the tenant stands in the storage.
func (b lists) keyOf(kind, name string) string {
	return kind + "/v1/" + strings.ToLower(b.cfg.Credentials.TenantID) + "/" + name
}

// openAlerts makes the lane that counts open alerts.
func (b lists) openAlerts(ctx context.Context) *lane {
	b.telemetry.begin(ctx, openAlerts)
	seen, logger := b.registry.Add(openAlerts, openAlerts, true), b.set.Logger.With(zap.String("table", openAlerts))
	limit, release := b.cfg.listLimit()
	client := b.list(openAlerts, hunting.AlertsV2, limit, logger)
	bySource := slices.Contains(b.cfg.Metrics.DefenderAlertsOpen.EnabledAttributes, metadata.DefenderAlertsOpenMetricAttributeKeyServiceSource)
	counts := source.NewOpenAlerts(client, b.figures.alerts, bySource, seen)
	loop := b.loop(counts, openAlerts, seen, b.gates.apart, b.cfg.CollectionInterval)
	loop.Polled = b.figures.alerts.Polled
	return &lane{
		table: openAlerts, id: openAlerts, kind: countKind, source: counts, loop: loop, health: seen, now: client.Time, release: release,
	}
}

// list makes what a lane asks for a list with.
func (b lists) list(lane string, list hunting.List, limit *rate.Limiter, logger *zap.Logger) *service.Lists {
	return service.NewLists(b.api, list, limit, service.Settings{
		Lane: lane, Accepted: b.registry.Answered, Now: b.now, Logger: logger,
		Answered: func(ctx context.Context, spent time.Duration, err error) { b.telemetry.query(ctx, lane, spent, err) },
	})
}
