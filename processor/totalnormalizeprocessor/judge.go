package totalnormalizeprocessor

import (
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/accounts"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/actor"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/directory"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/memo"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/row"
	"github.com/otelcol-defender/otelcol-defender/processor/totalnormalizeprocessor/internal/tuid"
)

// verdict is whose act a row is, or why it becomes no event. It is shared, and not changed.
type verdict struct {
	signs     string // by which it is remembered; empty: it is not
	dropped   string // the reason; empty: it becomes one
	way       actor.Way
	user, key string // of the person
	tuid      string
	// target is to whom it was done, of a row about accounts.
	target actor.Target
	// account is all that is known of the account that acted; only with semantic attributes.
	account accounts.Account
	// at is the moment at which it holds; nil: it does at all times.
	at *actor.Moment
}

// judge finds whose act a row is. It remembers that for rows that say the same of their accounts (actor.Signs), until a
// directory or the mapping file changes: finding it takes 5 to 10 µs, and a row of a person at work is seldom the first.
type judge struct {
	resolver    *actor.Resolver
	directories *directory.Directories
	tuids       *tuid.TUIDs
	withAccount bool
	remembered  *memo.Memo[knowledge, *verdict]
	now         func() time.Time
	period      time.Duration
}

// knowledge is the version of all that verdicts depend on beside rows.
type knowledge struct {
	directories, tuids uint64
	// period makes verdicts end after a time, so that the directories see that who is in them is still there.
	period int64
}

const (
	// maxRemembered bounds the verdicts that are remembered, to twice as many. One takes about 600 bytes.
	maxRemembered = 8192
	// periodShare is the share of the directories' max_age after which verdicts end.
	periodShare = 1024
)

func newJudge(resolver *actor.Resolver, directories *directory.Directories, tuids *tuid.TUIDs, cfg *Config, now func() time.Time) *judge {
	return &judge{
		resolver: resolver, directories: directories, tuids: tuids, withAccount: cfg.SemanticAttributes,
		remembered: memo.New[knowledge, *verdict](maxRemembered),
		now:        now, period: max(cfg.Directories.MaxAge/periodShare, 1),
	}
}

func (j *judge) periodNow() int64 { return j.now().UnixNano() / int64(j.period) }

// knowledge must be read before what a verdict depends on is.
func (j *judge) knowledge(period int64) knowledge {
	return knowledge{directories: j.directories.Version(), tuids: j.tuids.Version(), period: period}
}

// of finds whose act a row is.
func (j *judge) of(r row.Row) *verdict {
	found := j.resolver.WhoActed(r)
	if found.Dropped != "" {
		return &verdict{dropped: found.Dropped, at: found.At}
	}
	person := j.resolver.Person(found)
	id, ok := j.tuids.Of(person.Key, person.Names)
	if !ok {
		return &verdict{dropped: tuid.ReasonUnmapped, at: found.At}
	}
	v := &verdict{way: found.Way, user: person.User, key: person.Key, tuid: id, target: j.resolver.Target(r), at: found.At}
	if j.withAccount {
		v.account = found.Full()
	}
	return v
}

// holds reports whether a verdict that was found for one row is that of another with the same signs.
func (j *judge) holds(v *verdict, at time.Time) bool {
	return v.at == nil || j.directories.LoggedOnAt(v.at.DeviceID, at) == v.at.LoggedOn
}

// again finds whose act a row is, now that other things are known than when it was asked for before, or that the row is
// of another time.
func (j *judge) again(with knowledge, key string, p *pending) *verdict {
	if v, ok := j.remembered.Get(with, []byte(key)); ok && j.holds(v, p.record.Timestamp().AsTime()) {
		return v
	}
	r := p.row()
	v := j.of(r)
	if j.isSettled(r) {
		j.remember(with, key, v)
	}
	return v
}

// isSettled reports whether the row would teach nothing if it came again: a row whose verdict is remembered is not taken
// in. Where two rows contradict each other, or the directories have no room, that is not so.
func (j *judge) isSettled(r row.Row) bool {
	return !slices.ContainsFunc(j.resolver.Lessons(r), func(l actor.Lesson) bool {
		return j.resolver.IsTaught(l) && !j.directories.Knows(l.Account, l.Device)
	})
}

// remember keeps a verdict that was found with this knowledge, without the memory of the row that it was found in.
func (j *judge) remember(k knowledge, key string, found *verdict) {
	v := *found
	v.signs, v.user, v.key = key, strings.Clone(v.user), strings.Clone(v.key)
	v.target = actor.Target{User: strings.Clone(v.target.User), Group: strings.Clone(v.target.Group)}
	if v.at != nil {
		v.at = &actor.Moment{DeviceID: strings.Clone(v.at.DeviceID), LoggedOn: v.at.LoggedOn}
	}
	a := &v.account
	for _, text := range []*string{&a.Domain, &a.Name, &a.SID, &a.UPN, &a.ObjectID} {
		*text = strings.Clone(*text)
	}
	j.remembered.Put(k, key, &v)
}
