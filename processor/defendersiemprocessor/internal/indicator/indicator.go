package indicator

import "github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/alert"

// Indicator is what a record is about.
type Indicator struct {
	// Evidence has no properties where the alert has no indicator.
	Evidence alert.Evidence
	ID       ID
}

// None is the indicator of an alert that has none.
var None = Indicator{ID: hash("none")}

// Kinds are the kinds of evidence that are indicators, in the order of the records.
type Kinds []alert.Kind

// Usual are the kinds that the former API had records for.
var Usual = Kinds{alert.Process, alert.File, alert.IP, alert.URL}

// Of are the indicators of an alert, each once: by kind, and within a kind in the order of the alert. A file that is the
// image of a process of the alert is that process's indicator, and evidence that says nothing is none.
func (kinds Kinds) Of(a alert.Alert) []Indicator {
	var found unique
	images := imagesOf(a)
	for _, kind := range kinds {
		for _, e := range a.Evidence {
			if e.Kind != kind || says(e) == "" || kind == alert.File && images[imageOf(e)] {
				continue
			}
			found.add(Indicator{Evidence: e, ID: identify(e)})
		}
	}
	return found.all
}

// Each are all evidences of an alert, each once and in the order of the alert.
func Each(a alert.Alert) []Indicator {
	var found unique
	for _, e := range a.Evidence {
		found.add(Indicator{Evidence: e, ID: identify(e)})
	}
	return found.all
}

// unique is a list without repetition.
type unique struct {
	all  []Indicator
	seen map[ID]bool
}

func (u *unique) add(i Indicator) {
	if u.seen[i.ID] {
		return
	}
	if u.seen == nil {
		u.seen = map[ID]bool{}
	}
	u.seen[i.ID] = true
	u.all = append(u.all, i)
}

func imagesOf(a alert.Alert) map[image]bool {
	images := map[image]bool{}
	for _, e := range a.Evidence {
		if e.Kind == alert.Process && says(e) != "" {
			images[imageOf(e)] = true
		}
	}
	return images
}
