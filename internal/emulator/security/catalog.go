package security

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// The lists of Secure Score.
const (
	Scores   = "secureScores"
	Profiles = "secureScoreControlProfiles"
)

// Catalog is Secure Score: one object for each day, and the profiles of its controls. It is safe for concurrent use.
type Catalog struct {
	generated *scoreTenant // nil: only what is put

	mu       sync.Mutex // guards everything below
	scores   []day
	profiles []object
}

// day is a score that can be read from an instant on.
type day struct {
	object
	visible time.Time
}

// NewCatalog returns a catalog that has what a tenant's scores say, which may be none.
func NewCatalog(c ScoreConfig) *Catalog {
	catalog := &Catalog{}
	if c.Controls > 0 {
		catalog.generated = newScoreTenant(c)
		for _, body := range catalog.generated.profiles() {
			catalog.profiles = append(catalog.profiles, profileOf(body))
		}
	}
	return catalog
}

func profileOf(body map[string]any) object {
	id, _ := body["id"].(string)
	return object{id, version{body: func() map[string]any { return body }}}
}

// PutScore adds the score of a day, which replaces one of the same id. Its id and createdDateTime must be set.
func (c *Catalog) PutScore(body map[string]any, visible time.Time) error {
	id, _ := body["id"].(string)
	if id == "" {
		return errors.New("a score needs an id")
	}
	body = maps.Clone(body)
	text, _ := body[createdKey].(string)
	created, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return fmt.Errorf("score %s: %s: %q is no RFC 3339 time", id, createdKey, body[createdKey])
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scores = slices.DeleteFunc(c.scores, func(d day) bool { return d.id == id })
	c.scores = append(c.scores, day{object{id, version{created: StampOf(created), body: func() map[string]any { return body }}}, visible})
	return nil
}

// PutProfile adds the profile of a control, or replaces the one of its id.
func (c *Catalog) PutProfile(body map[string]any) error {
	o := profileOf(maps.Clone(body))
	if o.id == "" {
		return errors.New("a profile needs an id")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.IndexFunc(c.profiles, func(p object) bool { return p.id == o.id }); i >= 0 {
		c.profiles[i] = o
	} else {
		c.profiles = append(c.profiles, o)
	}
	return nil
}

// days are the scores that can be read now, the newest first.
func (c *Catalog) days(now time.Time) []object {
	oldest := StampOf(now.Add(-scoreDays * 24 * time.Hour))
	byID := map[string]object{}
	if c.generated != nil {
		for _, o := range c.generated.days(now) {
			byID[o.id] = o
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.scores {
		if !d.visible.After(now) {
			byID[d.id] = d.object
		}
	}
	all := slices.DeleteFunc(slices.Collect(maps.Values(byID)), func(o object) bool { return o.created < oldest })
	slices.SortFunc(all, func(a, b object) int { return int(b.created - a.created) })
	return all
}

// controls are the profiles.
func (c *Catalog) controls() []object {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.profiles)
}

// Scores are the scores that can be read at an instant, the newest first, and Profiles all profiles.
func (c *Catalog) Scores(now time.Time) []map[string]any { return bodies(c.days(now)) }

// Profiles are all profiles.
func (c *Catalog) Profiles() []map[string]any { return bodies(c.controls()) }

func bodies(objects []object) []map[string]any {
	all := make([]map[string]any, len(objects))
	for i, o := range objects {
		all[i] = o.body()
	}
	return all
}
