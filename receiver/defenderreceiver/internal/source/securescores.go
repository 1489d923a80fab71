package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-defender/otelcol-defender/internal/hunting"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/audit"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/failure"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/feed"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/health"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/posture"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderreceiver/internal/service"
)

// ScoreSettings are how Secure Score is read.
type ScoreSettings struct {
	Name     string // its key in the configuration
	Store    storage.Client
	StoreKey string
	// Records are where records of it go; nil: only figures are wanted.
	Records *ScoreRecords
	// Board is told the figures.
	Board *posture.Board[posture.Figures]
	// Controls are told of the newest score and the profiles; nil: alerts are not counted by controls.
	Controls *posture.Controls
}

// ScoreLists are the two lists of Secure Score.
type ScoreLists struct{ Scores, Profiles *service.Lists }

// SecureScores reads the scores of days and the profiles of controls. Each day, and each version of a profile, is delivered
// once. A link behind a request for the newest days leads to days that were not asked for, so none is followed: what the
// service has left of a page is asked for by its place.
type SecureScores struct {
	ScoreSettings
	lists  ScoreLists
	audits *FeedAuditor
	health *health.Source

	state    *posture.State
	dirty    bool // the state has changed since it was stored
	came     time.Time
	profiles []posture.Profile // as they were read last
}

// NewSecureScores makes the source of Secure Score.
func NewSecureScores(settings ScoreSettings, lists ScoreLists, audits *FeedAuditor, seen *health.Source) *SecureScores {
	return &SecureScores{
		ScoreSettings: settings, lists: lists, audits: audits, health: seen, state: posture.NewState(),
	}
}

// Resume takes up the stored state.
func (s *SecureScores) Resume(ctx context.Context) error {
	data, err := s.Store.Get(ctx, s.StoreKey)
	if err != nil {
		return fmt.Errorf("%s: read %q from the storage: %w", s.Name, s.StoreKey, err)
	}
	if data == nil {
		return nil
	}
	if s.state, err = posture.Decode(data); err != nil {
		return fmt.Errorf("%s: the stored value of %q cannot be used: %w", s.Name, s.StoreKey, err)
	}
	return nil
}

// Poll reads the catalog and the newest days.
func (s *SecureScores) Poll(ctx context.Context) (bool, error) {
	began := s.lists.Scores.Time()
	catalog := s.readProfiles(ctx, began)
	newest, err := s.readDays(ctx, began)
	if err = errors.Join(err, catalog); err != nil {
		return false, err
	}
	s.health.Progress(began)
	if newest.Day != "" && s.Controls != nil {
		s.Controls.Catalog(newest, s.profiles)
	}
	if newest.Day != "" {
		s.Board.Show(posture.FiguresOf(newest, s.profiles), s.lists.Scores.Now())
	}
	return false, nil
}

// readProfiles reads the catalog by the service's links: with $top they lead nowhere.
func (s *SecureScores) readProfiles(ctx context.Context, now time.Time) error {
	var found []posture.Profile
	fresh, link := map[uuid.UUID]posture.Profile{}, ""
	for seen := map[string]bool{}; ; seen[link] = true {
		err := s.page(ctx, s.lists.Profiles, hunting.ObjectsRequest{Link: link}, &link, func(body pcommon.Map) error {
			p := posture.ProfileOf(body)
			found = append(found, p)
			return s.takeProfile(ctx, body, p, now, fresh)
		})
		if err != nil {
			return errors.Join(err, s.settleProfiles(ctx, fresh))
		}
		if link == "" {
			s.profiles = found
			return s.settleProfiles(ctx, fresh)
		}
		if seen[link] {
			return fmt.Errorf("the service's link to the next page of %s leads to the same page again", hunting.ControlProfiles)
		}
	}
}

func (s *SecureScores) takeProfile(ctx context.Context, body pcommon.Map, p posture.Profile, now time.Time, fresh map[uuid.UUID]posture.Profile) error {
	switch {
	case s.Records == nil:
		return nil
	case s.state.HasProfile(p):
		s.Records.known(ctx, 1)
		return nil
	}
	uid, err := s.Records.profile(ctx, body, p, now)
	fresh[uid] = p
	return err
}

// settleProfiles delivers what is left of the batch, and notes which profiles were delivered.
func (s *SecureScores) settleProfiles(ctx context.Context, fresh map[uuid.UUID]posture.Profile) error {
	if s.Records == nil {
		return nil
	}
	err := s.Records.deliver(ctx)
	for uid, p := range fresh {
		if _, settled := s.Records.settled[uid]; settled {
			s.state.AddProfile(p)
			s.Records.forget([]uuid.UUID{uid})
			s.dirty = true
		}
	}
	return errors.Join(err, s.keep(ctx))
}

// readDays reads as many of the newest days as can be missing, and gives the newest one. An audit reads all.
func (s *SecureScores) readDays(ctx context.Context, now time.Time) (newest posture.Score, err error) {
	wanted, audited := 1, (*feedAudit)(nil)
	if s.Records != nil {
		wanted = s.state.Wanted(now)
		if s.audits.Due() {
			wanted, audited = posture.Kept, s.audits.begin(now, feed.NewState())
		}
	}
	read, seen := 0, map[string]bool{}
	for read < wanted {
		news := false
		request := hunting.ObjectsRequest{Top: wanted - read, Skip: read}
		err := s.page(ctx, s.lists.Scores, request, nil, func(body pcommon.Map) error {
			score := posture.ScoreOf(body)
			news, read = news || !seen[score.Day], read+1
			seen[score.Day] = true
			if newest.Day == "" || score.Created.After(newest.Created) {
				newest = score
			}
			return s.takeDay(ctx, body, score, now, audited)
		})
		if err != nil {
			s.audits.fail(ctx, audited)
			return newest, err
		}
		if !news {
			break // there are no more, or the service does not know $skip
		}
	}
	s.audits.complete(ctx, audited, now, nil)
	if s.Records == nil {
		return newest, nil
	}
	s.dirty = s.state.Complete(newest.Day) || s.dirty
	return newest, s.keep(ctx)
}

func (s *SecureScores) takeDay(ctx context.Context, body pcommon.Map, score posture.Score, now time.Time, audited *feedAudit) error {
	if s.Records == nil {
		return nil
	}
	at := score.Created
	if at.IsZero() {
		at = now
	}
	if s.state.HasDay(score.Day) {
		records, refused := 1+len(score.Controls), s.state.Refused(score.Day)
		s.Records.known(ctx, records)
		audited.add(feed.Object{Updated: at}, audit.Findings{Matched: max(records-refused, 0), Refused: refused})
		return nil
	}
	late := s.state.IsLate(score.Day)
	records, refused, err := s.Records.day(ctx, body, score, at)
	if err != nil {
		return err
	}
	s.state.AddDay(score.Day, refused)
	s.came, s.dirty = s.lists.Scores.Now(), true
	found := audit.Findings{Matched: records - refused, Refused: refused}
	if late {
		found.Matched, found.Recovered = 0, records-refused
		s.audits.metrics.Recovered(ctx, found.Recovered)
	}
	audited.add(feed.Object{Updated: at}, found)
	return s.keep(ctx)
}

// page reads one page, and gives its objects to a function. link is set to where the list goes on; nil: nobody asks.
func (s *SecureScores) page(ctx context.Context, list *service.Lists, request hunting.ObjectsRequest, link *string, take func(pcommon.Map) error) error {
	rows, err := list.Page(ctx, request)
	if err != nil {
		return err
	}
	defer rows.Close()
	for body := pcommon.NewMap(); ; {
		more, err := rows.Next(body)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := take(body); err != nil {
			return err
		}
	}
	s.audits.metrics.Repaired(ctx, rows.Stats().Repaired)
	if link != nil {
		*link = rows.Link().URL
	}
	if missing := rows.Partial(); missing != "" {
		return fmt.Errorf("the service gave a part of %s only, and the rest is asked for again: %s", s.Name, missing)
	}
	return nil
}

// keep stores the state if it has changed. What was delivered is stored even while the receiver ends.
func (s *SecureScores) keep(ctx context.Context) error {
	if !s.dirty {
		return nil
	}
	data, err := s.state.Encode()
	if err == nil {
		err = s.Store.Set(context.WithoutCancel(ctx), s.StoreKey, data)
	}
	if err != nil {
		return fmt.Errorf("%w: %s: write %q: %w", failure.ErrStorage, s.Name, s.StoreKey, err)
	}
	s.dirty = false
	return nil
}

// Furthest is when a day was delivered last.
func (s *SecureScores) Furthest() time.Time { return s.came }

// Situation says that the security API has limits and a permission of its own.
func (s *SecureScores) Situation() failure.Situation {
	return failure.Situation{ServiceNow: s.lists.Scores.Time(), OwnLimits: true}
}

// Advise says by which setting Secure Score is left out.
func (s *SecureScores) Advise(err error) error {
	if failure.Is(err, hunting.Forbidden, hunting.Unlicensed) {
		return fmt.Errorf("grant SecurityEvents.Read.All, or set feeds::%s::enabled: false and leave the receiver out of metrics pipelines: %w", s.Name, err)
	}
	return err
}

// Adapt has nothing to leave out.
func (*SecureScores) Adapt(error) bool { return false }

// AskForLess has no smaller pages to ask for: a day is one object.
func (*SecureScores) AskForLess(context.Context, failure.Doubt, error) bool { return false }

// Succeeded has nothing to do.
func (*SecureScores) Succeeded() {}
