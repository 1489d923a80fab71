package indicator

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/alert"
)

// ID is the identity of an indicator: the hash of its canonical text.
type ID [sha256.Size]byte

// String is the IocUniqueId of the former API: 44 characters of base64.
func (id ID) String() string { return base64.StdEncoding.EncodeToString(id[:]) }

// ParseID reads what String wrote.
func ParseID(text string) (ID, bool) {
	sum, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(sum) != sha256.Size {
		return ID{}, false
	}
	return ID(sum), true
}

// Indicator is what a record is about.
type Indicator struct {
	// Evidence has no properties where the alert has no indicator.
	Evidence alert.Evidence
	ID       ID
}

// None is the indicator of an alert that has none.
var None = Indicator{ID: hash("none")}

// hash is the identity that a canonical text has.
func hash(parts ...string) ID { return sha256.Sum256([]byte(strings.Join(parts, "|"))) }

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

// image is what a file of a device is known by.
type image struct{ device, sha1, directory, name string }

func imageOf(e alert.Evidence) image {
	file := e.File()
	lower := func(property string) string { return strings.ToLower(file.Text(property)) }
	return image{device: strings.ToLower(e.Text("mdeDeviceId")), sha1: lower("sha1"), directory: lower("filePath"), name: lower("fileName")}
}

// path is the file's directory and name as one text.
func (i image) path() string { return i.directory + `\` + i.name }

func imagesOf(a alert.Alert) map[image]bool {
	images := map[image]bool{}
	for _, e := range a.Evidence {
		if e.Kind == alert.Process && says(e) != "" {
			images[imageOf(e)] = true
		}
	}
	return images
}
