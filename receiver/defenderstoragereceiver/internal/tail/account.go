package tail

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/otelcol-defender/otelcol-defender/internal/delivery"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/export"
	"github.com/otelcol-defender/otelcol-defender/receiver/defenderstoragereceiver/internal/health"
)

// Account reads the containers of one account.
type Account struct {
	Surroundings
	// Containers are those that are read; empty: all of the export.
	Containers []string
	// Excluded are never read.
	Excluded []string
	Board    *health.Board
	// Begin is told of each container before it is read.
	Begin func(*health.Container)

	known map[string]*Container
}

// Prepare loads the places of all containers that are known. Places that cannot be read are an error: to begin anew would
// repeat all that the account has.
func (a *Account) Prepare(ctx context.Context) error {
	a.known = map[string]*Container{}
	names := a.State.Containers()
	for _, name := range a.Containers {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if !a.wants(name) {
			continue
		}
		if err := a.State.Add(ctx, name); err != nil {
			return err
		}
		if _, err := a.add(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (a *Account) wants(container string) bool {
	if slices.Contains(a.Excluded, container) {
		return false
	}
	return len(a.Containers) == 0 || slices.Contains(a.Containers, container)
}

// add makes the loop of a container, with its stored places.
func (a *Account) add(ctx context.Context, name string) (*Container, error) {
	table := export.Table(name)
	c := newContainer(&a.Surroundings, name, table)
	if err := a.State.Load(ctx, name, c.book.Restore); err != nil {
		return nil, err
	}
	c.seen = a.Board.Add(name, table, a.State.Paused(name))
	a.known[name] = c
	a.Begin(c.seen)
	return c, nil
}

// Run reads until ctx ends, and returns when all loops have ended.
func (a *Account) Run(ctx context.Context) {
	var loops sync.WaitGroup
	defer loops.Wait()
	for _, c := range a.known {
		loops.Go(func() { c.run(ctx) })
	}
	if len(a.Containers) > 0 {
		return
	}
	pause := delivery.NewBackOff(a.Retry)
	for told := false; ctx.Err() == nil; {
		rest := a.ListInterval
		err := a.find(ctx, &loops)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			rest = pause.NextBackOff()
			if a.Board.SetCommon("account", err) {
				a.Logger.Warn("The containers of the account are not listed at present.", zap.Error(err), zap.Duration("next_try_in", rest))
			}
		default:
			pause.Reset()
			a.Board.SetCommon("account", nil)
			if len(a.known) == 0 && !told {
				told = true
				a.Logger.Warn("The account has no container of the export yet: the names of its containers begin with " + export.Prefix +
					". The first one is made some minutes, and up to a day, after the export was set up.")
			}
		}
		if !delivery.Sleep(ctx, rest) {
			return
		}
	}
}

// find lists the containers, and begins to read those that are new.
func (a *Account) find(ctx context.Context, loops *sync.WaitGroup) error {
	began, names := a.Now(), []string(nil)
	for marker := ""; ; {
		page, next, err := a.Client.Containers(ctx, export.Prefix, marker)
		if err != nil {
			return fmt.Errorf("list the containers (where the role is given on some containers only, name those in 'containers'): %w", err)
		}
		names = append(names, page...)
		if marker = next; marker == "" {
			break
		}
	}
	if err := a.addAll(ctx, slices.DeleteFunc(names, func(name string) bool { return !a.wants(name) }), loops); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saving)
	defer cancel()
	if err := a.State.SetFound(ctx, began); err != nil {
		return fmt.Errorf("%w: %w", errStore, err)
	}
	return nil
}

// addAll notes containers, and begins to read those that are new.
func (a *Account) addAll(ctx context.Context, names []string, loops *sync.WaitGroup) error {
	for _, name := range names {
		if a.known[name] != nil {
			continue
		}
		if err := a.State.Add(ctx, name); err != nil {
			return fmt.Errorf("%w: %w", errStore, err)
		}
		c, err := a.add(ctx, name)
		if err != nil {
			return err
		}
		loops.Go(func() { c.run(ctx) })
	}
	return nil
}
