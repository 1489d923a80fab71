package posture

import "time"

// Figures are what metrics show: the newest score and the catalog, without a word of single controls.
type Figures struct {
	Day time.Time // of the score
	// Current, Max and Ratio are below zero where they are not known. Ratio is computed of the other two.
	Current, Max, Ratio float64
	// ByCategory are the points of the controls of the score; MaxByCategory the points that those of them can have which
	// have a profile.
	ByCategory, MaxByCategory map[string]float64
	// Peers are the known averages of other tenants, by their basis.
	Peers    map[string]float64
	Controls map[ControlGroup]int
}

// ControlGroup is what controls are counted by.
type ControlGroup struct {
	Category, State string
	Deprecated      bool
}

const (
	// mostValues bounds the values of an attribute, whatever the service sends: what comes beyond is one value.
	mostValues = 20
	otherValue = "other"
	noCategory = "none"
)

// FiguresOf computes the figures.
func FiguresOf(s Score, profiles []Profile) Figures {
	f := Figures{
		Day: s.Created, Current: s.Current, Max: s.Max, Ratio: unknown, ByCategory: map[string]float64{}, MaxByCategory: map[string]float64{},
		Peers: map[string]float64{}, Controls: map[ControlGroup]int{},
	}
	if s.Max > 0 && s.Current >= 0 {
		f.Ratio = s.Current / s.Max
	}
	most := map[string]float64{}
	categories, states, bases := values{}, values{}, values{}
	for _, p := range profiles {
		most[p.ID] = p.Max
		f.Controls[ControlGroup{categories.of(p.Category), states.of(p.State), p.Deprecated}]++
	}
	for _, c := range s.Controls {
		category := categories.of(c.Category)
		f.ByCategory[category] += max(c.Score, 0)
		if points, known := most[c.Name]; known {
			f.MaxByCategory[category] += max(points, 0)
		}
	}
	for _, peer := range s.Peers {
		if peer.Average >= 0 && peer.Basis != "" {
			f.Peers[bases.of(peer.Basis)] = peer.Average
		}
	}
	return f
}

// values are those of an attribute.
type values map[string]bool

func (v values) of(value string) string {
	if value == "" {
		value = noCategory
	}
	if !v[value] && len(v) >= mostValues {
		return otherValue
	}
	v[value] = true
	return value
}
