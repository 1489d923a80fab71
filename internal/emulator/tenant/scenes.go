package tenant

import (
	"fmt"
	"strconv"
	"strings"
)

// scene is one thing that happens in a tenant: who does it, with which program, and the fields that
// are each table's own.
type scene struct {
	who     string
	program *program
	fields  []string
}

// scenes are those of one table by the kind of device, each as often as its weight says.
type scenes struct{ human, machine map[kind][]*scene }

// newScenes reads lines `weight|kinds|who|program|field|...`. The last field may contain bars. A
// mistake in them is a programming error, so it stops the program at start.
func newScenes(fields int, lines string) *scenes {
	s := &scenes{human: map[kind][]*scene{}, machine: map[kind][]*scene{}}
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		parts := strings.SplitN(line, "|", 4+fields)
		weight, err := strconv.Atoi(parts[0])
		if err != nil || len(parts) != 4+fields {
			panic(fmt.Sprintf("BUG: scene %q", line))
		}
		sc := &scene{who: parts[2], program: programNamed(parts[3]), fields: parts[4:]}
		by := s.machine
		if sc.who == byUser {
			by = s.human
		}
		for _, k := range kindsOf(parts[1]) {
			for range weight {
				by[k] = append(by[k], sc)
			}
		}
	}
	return s
}

func kindsOf(letters string) []kind {
	return []kind(strings.NewReplacer("w", windowsKinds, "x", serverKinds).Replace(letters))
}

// happenOn reports whether the table has rows of such devices.
func (s *scenes) happenOn(k kind) bool { return len(s.machine[k]) > 0 }

// of draws what happened in a row.
func (s *scenes) of(r *row) *scene {
	if r.person != nil {
		return pick(r.draw(drawScene), s.human[r.device.kind])
	}
	return pick(r.draw(drawScene), s.machine[r.device.kind])
}
