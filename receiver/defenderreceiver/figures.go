package defenderreceiver

import (
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/metadata"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/posture"
)

// figures are what a metrics pipeline is given: the lanes read them, and each collection shows what they read last.
type figures struct {
	scores *posture.Board[posture.Figures]
	alerts *posture.Board[map[posture.AlertGroup]int]
	// counter is told by the feed of alerts. It counts on when a lease of the receiver ends and another one begins.
	counter *posture.AlertCounter
}

func newFigures(cfg *Config) *figures {
	return &figures{
		scores:  posture.NewBoard[posture.Figures](cfg.Feeds.SecureScores.PollInterval),
		alerts:  posture.NewBoard[map[posture.AlertGroup]int](cfg.CollectionInterval),
		counter: posture.NewAlertCounter(),
	}
}

// wantsScores reports whether a metric is enabled that Secure Score is read for.
func wantsScores(m metadata.MetricsConfig) bool {
	return m.DefenderSecureScoreCurrent.Enabled || m.DefenderSecureScoreMax.Enabled || m.DefenderSecureScoreRatio.Enabled ||
		m.DefenderSecureScoreByCategory.Enabled || m.DefenderSecureScoreMaxByCategory.Enabled || m.DefenderSecureScorePeerAverage.Enabled ||
		m.DefenderSecureScoreControls.Enabled
}
