package configschema

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestProse(t *testing.T) {
	keys := map[string]string{
		"PollInterval": "poll_interval", "Settle": "settle", "PFXFile": "pfx_file", "Columns": "columns", "Enabled": "enabled", "MaxConns": "max_conns",
	}
	for name, test := range map[string]struct{ field, comment, want string }{
		"is":                  {"Settle", "Settle is how long rows wait.\n", "How long rows wait."},
		"are":                 {"Columns", "Columns are read, too.\n", "Read, too."},
		"another verb":        {"PFXFile", "PFXFile holds the key.\n", "`pfx_file` holds the key."},
		"no verb":             {"Settle", "Settle configuration of rows.\n", "Settle configuration of rows."},
		"other fields":        {"Settle", "See PollInterval, and PFXFile.\n", "See `poll_interval`, and `pfx_file`."},
		"ordinary words":      {"Settle", "Enabled Columns stay.\n", "Enabled Columns stay."},
		"of another type":     {"Settle", "See http.Transport.MaxConns.\n", "See http.Transport.MaxConns."},
		"marked already":      {"Settle", "See `PollInterval`.\n", "See `PollInterval`."},
		"wrapped lines":       {"Settle", "One sentence\nof two lines.\n\nAnother.\n", "One sentence of two lines.\n\nAnother."},
		"a list":              {"Settle", "Words:\n - a\n - b\n", "Words:\n- a\n- b"},
		"a generator's":       {"Settle", "Settle corresponds to the JSON schema field \"settle\".\n", ""},
		"no comment":          {"Settle", "", ""},
		"the name in a word":  {"Settle", "Settlement is over.\n", "Settlement is over."},
		"a name that is long": {"PollInterval", "PollIntervals are none.\n", "PollIntervals are none."},
	} {
		assert.Equal(t, test.want, prose(test.comment, test.field, keys), name)
	}
}

func TestAbout(t *testing.T) {
	for comment, want := range map[string]string{
		"PageConfig bounds one query.\n":       "Bounds one query.",
		"PageConfig is the bound of a query.":  "The bound of a query.",
		"The bounds of PageConfig.":            "The bounds of PageConfig.",
		"PageConfig with bounds of one query.": "PageConfig with bounds of one query.",
	} {
		assert.Equal(t, want, about(comment, "PageConfig"), comment)
	}
}
