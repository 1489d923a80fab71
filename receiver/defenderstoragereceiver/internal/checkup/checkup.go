package checkup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis"
	"github.com/otelcol-defender/otelcol-defender/internal/diagnosis/step"
	"github.com/otelcol-defender/otelcol-defender/internal/entra"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/account"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
)

// mostRefused is how many containers may be refused, while none is read, until the others are not asked any more.
const mostRefused = 3

// walk is a test under way.
type walk struct {
	Settings
	result *diagnosis.Result
}

// Run walks to the end, or to where nothing can be asked further. A test that ctx ends says so in its last check.
func Run(ctx context.Context, s Settings) *diagnosis.Result {
	began := time.Now()
	w := &walk{Settings: s, result: &diagnosis.Result{
		Receiver: s.Receiver, Started: s.Now().UTC(), Checks: []diagnosis.Check{}, Export: &diagnosis.Export{},
	}}
	w.walk(ctx)
	w.result.Export.Requests, w.result.Duration = w.Meter.Sent(), diagnosis.Seconds(time.Since(began))
	return w.result
}

func (w *walk) walk(ctx context.Context) {
	reached, way := true, step.Way{Client: w.Web, Proxy: w.Proxy, Result: w.result}
	for _, host := range w.Hosts {
		reached = way.To(ctx, host) && reached
	}
	if !reached {
		w.skip(diagnosis.Access, "token", "a host that is needed cannot be reached")
		return
	}
	if !w.token(ctx) {
		return
	}
	names, ok := w.names(ctx)
	if !ok {
		w.clock()
		w.skip(diagnosis.Containers, "containers", "they cannot be listed")
		return
	}
	found := w.visit(ctx, names)
	w.read(found)
	w.clock()
	w.tell(names, found)
}

func (w *walk) skip(group diagnosis.Group, name, why string) {
	w.result.Add(diagnosis.Check{Group: group, Name: name, Outcome: diagnosis.Skipped, Detail: "not looked at: " + why})
}

func (w *walk) check(group diagnosis.Group, name string, began time.Time, f step.Finding) {
	w.result.Add(f.Check(group, name, "", began))
}

// token asks for a token. Which roles it has in the account, no token says.
func (w *walk) token(ctx context.Context) bool {
	began := time.Now()
	if w.Token == nil {
		w.check(diagnosis.Access, "token", began, step.Fine("is the matter of the extension under 'auth'; the first list shows whether it suffices"))
		return true
	}
	token, err := w.Token(ctx)
	if err != nil {
		w.check(diagnosis.Access, "token", began, of(err))
		w.skip(diagnosis.Containers, "containers", "there is no token")
		return false
	}
	f := step.Fine("Entra ID gives a token")
	if said, err := entra.ReadClaims(token); err == nil {
		f.Detail += ", for " + said.Audience
	}
	w.check(diagnosis.Access, "token", began, f)
	return true
}

// names are the containers that the receiver reads. Those that the configuration names are not looked for.
func (w *walk) names(ctx context.Context) ([]string, bool) {
	if len(w.Named) > 0 {
		return slices.DeleteFunc(slices.Clone(w.Named), func(name string) bool { return !w.Wants(name) }), true
	}
	began := time.Now()
	var names []string
	for marker, page := "", 0; page < mostPages; page++ {
		found, next, err := w.Account.Containers(ctx, export.Prefix, marker)
		if err != nil {
			f := of(err)
			if f.Outcome == diagnosis.NoPermission {
				f.Remedy += "; where the role is given on some containers only, name those in 'containers'"
			}
			w.check(diagnosis.Access, "list", began, f)
			return nil, false
		}
		names = append(names, found...)
		if marker = next; marker == "" {
			break
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !w.Wants(name) })
	w.check(diagnosis.Access, "list", began, step.Fine("the account lists its containers: %d of the export", len(names)))
	return names, true
}

// visited is a container that was asked for.
type visited struct {
	name  string
	began time.Time
	took  time.Duration
	facts
	listed error // why it was not listed
	read   error // why no blob of it was read
	tried  bool  // to read one
}

func (v *visited) err() error { return errors.Join(v.listed, v.read) }

// visit asks for each container, until nothing more can come of it.
func (w *walk) visit(ctx context.Context, names []string) []*visited {
	var all []*visited
	refused, fine := 0, false
	for _, name := range names {
		v := &visited{name: name, began: time.Now()}
		v.facts, v.listed = look(ctx, w.Account, name, w.Selection)
		if v.listed == nil && v.newest.Name != "" {
			v.tried, v.read = true, canRead(ctx, w.Account, name, v.newest.Name)
		}
		v.took = time.Since(v.began)
		all = append(all, v)
		switch {
		case v.err() == nil:
			fine = fine || v.tried
		case !account.Is(v.err(), account.Absent):
			refused++
		}
		if ctx.Err() != nil || !fine && refused == mostRefused {
			break
		}
	}
	return all
}

// read tells whether the account's data can be read, which an owner's role does not let do.
func (w *walk) read(all []*visited) {
	tried, can, first := 0, 0, (*visited)(nil)
	for _, v := range all {
		refused := v.err() != nil && !account.Is(v.err(), account.Absent)
		if v.tried || refused {
			tried++
		}
		switch {
		case refused && first == nil:
			first = v
		case v.tried && !refused:
			can++
		}
	}
	switch {
	case tried == 0:
		w.skip(diagnosis.Access, "read", "there is no blob yet, so it is not known whether the role "+account.Role+" is given")
	case can == 0:
		f := of(first.err())
		f.Detail = "nothing can be read: " + f.Detail
		w.check(diagnosis.Access, "read", first.began, f)
	default:
		w.check(diagnosis.Access, "read", time.Now(), step.Fine("blobs can be read, in %d of %d containers that were tried", can, tried))
	}
}

// clock compares this machine's clock with the account's.
func (w *walk) clock() {
	if ahead, known := w.Meter.Ahead(); known {
		w.check(diagnosis.Access, "clock", time.Now(), step.Clock(ahead, time.Second))
	}
}

// tell says of each container what was found, and of all what they have in common.
func (w *walk) tell(names []string, all []*visited) {
	now := w.Now()
	if ahead, known := w.Meter.Ahead(); known {
		now = now.Add(ahead)
	}
	var newest time.Time
	listed := 0
	for _, v := range all {
		if v.listed != nil {
			continue
		}
		listed++
		if v.newest.Modified.After(newest) {
			newest = v.newest.Modified
		}
		w.result.Export.Blobs += int64(v.blobs)
		w.result.Export.Bytes += v.bytes
	}
	w.result.Export.Containers = listed
	if !newest.IsZero() {
		w.result.Export.Newest = &newest
	}
	alone := now.Sub(newest) <= standstill
	for _, v := range all {
		c := v.finding(now, alone).Check(diagnosis.Containers, "container", export.Table(v.name), v.began)
		c.Duration = diagnosis.Seconds(v.took)
		w.result.Add(c)
	}
	if rest := len(names) - len(all); rest > 0 {
		w.skip(diagnosis.Containers, "containers", fmt.Sprintf("%d more containers, after those that were refused", rest))
	}
	if len(all) == 0 || listed > 0 {
		w.check(diagnosis.Containers, "export", time.Now(), exported(newest, now, len(names)))
	}
	if missing := without(names); len(w.Named) == 0 && len(names) > 0 && len(missing) > 0 {
		w.check(diagnosis.Containers, "tables", time.Now(), step.Finding{
			Outcome: diagnosis.NoContainer, Detail: "no container yet: " + strings.Join(missing, ", "),
			Remedy: "if their rows are wanted, tick them in " + setting + "; the container comes with the first row",
		})
	}
}

// finding is what was found of a container.
func (v *visited) finding(now time.Time, alone bool) step.Finding {
	err := v.err()
	switch {
	case account.Is(v.listed, account.Absent):
		return step.Finding{
			Outcome: diagnosis.NoContainer, Severity: diagnosis.Warning, Detail: "the account has no container " + v.name,
			Remedy: "tick the table in " + setting + ": the container comes with the first row; or take it out of 'containers'",
		}
	case err != nil:
		f := of(err)
		f.Severity = min(f.Severity, diagnosis.Warning)
		if v.read != nil {
			f.Detail = v.size(now) + ", which are listed and not read: " + f.Detail
		}
		return f
	default:
		return judge(v.name, v.facts, now, alone)
	}
}
