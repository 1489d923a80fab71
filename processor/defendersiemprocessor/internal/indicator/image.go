package indicator

import (
	"strings"

	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/alert"
)

// image is what a file of a device is known by.
type image struct{ device, sha1, directory, name string }

func imageOf(e alert.Evidence) image {
	file := e.File()
	lower := func(property string) string { return strings.ToLower(file.Text(property)) }
	return image{device: strings.ToLower(e.Text("mdeDeviceId")), sha1: lower("sha1"), directory: lower("filePath"), name: lower("fileName")}
}

// path is the file's directory and name as one text.
func (i image) path() string { return i.directory + `\` + i.name }
