package defenderreceiver

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/scraper"
	"go.opentelemetry.io/collector/scraper/scraperhelper"

	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/posture"
)

// firstFigures bounds how long the first collection waits for the first poll.
const firstFigures = 30 * time.Second

// metricsPart is the receiver in a metrics pipeline.
type metricsPart struct {
	*instance
	collection receiver.Metrics
}

var errLegacyMetrics = errors.New("in a metrics pipeline the receiver needs api: graph: the legacy API's token is not for Graph, which keeps the scores")

func createMetrics(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
	own := cfg.(*Config)
	if own.API == APILegacy {
		return nil, errLegacyMetrics
	}
	i := instanceOf(set, own, func(o outputs) bool { return o.figures == nil })
	i.figures = newFigures(own)
	began := pcommon.NewTimestampFromTime(time.Now())
	sc := &scrape{
		ended: i.ended, figures: i.figures, metrics: own.Metrics, now: time.Now, tenantID: own.Credentials.TenantID,
		resource: metadata.NewResourceBuilder(own.ResourceAttributes),
		builder:  metadata.NewMetricsBuilder(metadata.MetricsBuilderConfig{Metrics: own.Metrics, ResourceAttributes: own.ResourceAttributes}, set, metadata.WithStartTime(began)),
		times:    resolution{settings: own.Metrics.DefenderAlertsResolved, began: began},
	}
	scraped, err := scraper.NewMetrics(sc.collect)
	if err != nil {
		return nil, err
	}
	collection, err := scraperhelper.NewMetricsController(
		&scraperhelper.ControllerConfig{CollectionInterval: own.CollectionInterval, InitialDelay: own.InitialDelay}, set, next,
		scraperhelper.AddMetricsScraper(metadata.Type, scraped))
	if err != nil {
		return nil, err
	}
	return &metricsPart{instance: i, collection: collection}, nil
}

// Start starts the collection after the receiver.
func (p *metricsPart) Start(ctx context.Context, host component.Host) error {
	if err := p.instance.Start(ctx, host); err != nil {
		return err
	}
	return p.collection.Start(ctx, host)
}

// Shutdown ends the collection before the receiver.
func (p *metricsPart) Shutdown(ctx context.Context) error {
	p.end()
	return errors.Join(p.collection.Shutdown(ctx), p.instance.Shutdown(ctx))
}

// scrape makes data points of what was read last. It asks the service for nothing.
type scrape struct {
	figures  *figures
	metrics  metadata.MetricsConfig
	builder  *metadata.MetricsBuilder
	tenantID string
	resource *metadata.ResourceBuilder
	now      func() time.Time // this machine's clock
	ended    <-chan struct{}  // closed when the receiver ends
	waited   bool
	times    resolution
}

func (s *scrape) collect(ctx context.Context) (pmetric.Metrics, error) {
	s.awaitFirst(ctx)
	now := s.now()
	at := pcommon.NewTimestampFromTime(now)
	if f, fresh := s.figures.scores.Figures(now); fresh {
		s.score(at, f)
	}
	if counts, fresh := s.figures.alerts.Figures(now); fresh {
		for group, alerts := range counts {
			s.builder.RecordDefenderAlertsOpenDataPoint(at, int64(alerts), group.Severity, metadata.MapAttributeAlertStatus[group.Status], group.Source)
		}
	}
	counted := s.figures.counter.Counts()
	s.counted(at, counted)
	s.resource.SetMicrosoftDefenderTenantID(s.tenantID) // Emit forgets it
	s.builder.EmitForResource(metadata.WithResource(s.resource.Emit()))
	metrics := s.builder.Emit()
	s.times.add(metrics, at, counted)
	return metrics, nil
}

// counted makes the data points of how many alerts were created and resolved. A group without any has none.
func (s *scrape) counted(at pcommon.Timestamp, counts map[posture.AlertWords]posture.AlertCounts) {
	for words, n := range counts {
		if n.Created > 0 {
			s.builder.RecordDefenderAlertsCreatedDataPoint(at, n.Created, words.Severity, words.Classification)
		}
		if n.Resolved > 0 {
			s.builder.RecordDefenderAlertsResolvedDataPoint(at, n.Resolved, words.Severity, words.Classification)
		}
	}
}

// awaitFirst lets the first collection wait for what it is to show.
func (s *scrape) awaitFirst(ctx context.Context) {
	if s.waited {
		return
	}
	s.waited = true
	ctx, cancel := context.WithTimeout(ctx, firstFigures)
	defer cancel()
	for _, board := range s.wanted() {
		select {
		case <-board:
		case <-s.ended:
			return
		case <-ctx.Done():
			return
		}
	}
}

// wanted are the boards that enabled metrics show.
func (s *scrape) wanted() []<-chan struct{} {
	var boards []<-chan struct{}
	if wantsScores(s.metrics) {
		boards = append(boards, s.figures.scores.Read())
	}
	if s.metrics.DefenderAlertsOpen.Enabled {
		boards = append(boards, s.figures.alerts.Read())
	}
	return boards
}

// score makes the data points of Secure Score. What is not known has none.
func (s *scrape) score(at pcommon.Timestamp, f posture.Figures) {
	known := func(value float64, record func(pcommon.Timestamp, float64)) {
		if value >= 0 {
			record(at, value)
		}
	}
	known(f.Current, s.builder.RecordDefenderSecureScoreCurrentDataPoint)
	known(f.Max, s.builder.RecordDefenderSecureScoreMaxDataPoint)
	known(f.Ratio, s.builder.RecordDefenderSecureScoreRatioDataPoint)
	each := func(values map[string]float64, record func(pcommon.Timestamp, float64, string)) {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			record(at, values[name], name)
		}
	}
	each(f.ByCategory, s.builder.RecordDefenderSecureScoreByCategoryDataPoint)
	each(f.MaxByCategory, s.builder.RecordDefenderSecureScoreMaxByCategoryDataPoint)
	each(f.Peers, s.builder.RecordDefenderSecureScorePeerAverageDataPoint)
	for group, controls := range f.Controls {
		s.builder.RecordDefenderSecureScoreControlsDataPoint(at, int64(controls), group.Category, group.State, group.Deprecated)
	}
}
