package totalnormalizeprocessor

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
)

// Each message begins with the full path of its key and says what to do, in the user's words.
func TestMessages(t *testing.T) {
	const unset = "if it is set from an environment variable, that variable is not set"
	for yaml, want := range map[string][]string{
		"domain_id: customer-domain-001":              nil,
		"{domain_id: d, directories: {max_age: 45d}}": nil,
		"{}":                                                   {"'domain_id' is required: write the customer's TOTAL domain, e.g. customer-domain-001"},
		"domain_id: '${env:TOTAL_TEST_UNSET}'":                 {"'domain_id' is empty (" + unset + "): write the customer's TOTAL domain, e.g. customer-domain-001"},
		"domain_id: <domain>":                                  {"'domain_id' is a placeholder: write the customer's TOTAL domain, e.g. customer-domain-001"},
		"domain_id: 17":                                        {"'domain_id' is a number: write it in quotes"},
		"domian_id: d":                                         {"'domian_id' is no key: did you mean 'domain_id'?"},
		"{domain_id: d, mapping_file: /m.csv}":                 {"'mapping_file' is no key: did you mean 'tuid::mapping_file'?"},
		"{domain_id: d, tuid: /m.csv}":                         {"'tuid' is a text: it must be a map, e.g. tuid: {mapping_file: /etc/otelcol-defender/tuids.csv}"},
		"{domain_id: d, tuid: {unmapped: derived}}":            {`'tuid::unmapped' is "derived": it must be one of derive, empty, drop; did you mean derive?`},
		"{domain_id: d, accounts: {exclude: [svc]}}":           {`'accounts::exclude' is a list: it must be a map, e.g. exclude: {names: ["svc-*"]}`},
		"{domain_id: d, accounts: {exclude: {names: {a: b}}}}": {`'accounts::exclude::names' is a map: it must be a list, e.g. names: ["svc-*"]`},
		"{domain_id: d, accounts: {include: {sids: ['']}}}":    {"'accounts::include::sids' holds an empty pattern, which matches nothing: remove it"},
		"{domain_id: d, directories: {max_age: 30}}":           {"'directories::max_age' is 30, which has no unit: write 30s, 30m or 30h"},
		"{domain_id: d, logged_on_users: sure, other_records: keep, directories: {max_entries: 0}}": {
			"'logged_on_users' is a text: it must be true or false",
			`'other_records' is "keep": it must be one of pass, drop`,
			"'directories::max_entries' is 0: it must be greater than zero",
		},
	} {
		resolver, err := confmap.NewResolver(confmap.ResolverSettings{
			URIs: []string{"yaml:" + yaml}, DefaultScheme: "env",
			ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory(), envprovider.NewFactory()},
		})
		require.NoError(t, err)
		conf, err := resolver.Resolve(t.Context())
		require.NoError(t, err)
		err = loadConfig(conf, createDefaultConfig())
		if want == nil {
			require.NoError(t, err, yaml)
			continue
		}
		if assert.Error(t, err, yaml) {
			assert.Equal(t, want, linesOf(err), yaml)
		}
	}
}

// linesOf are the problems of a report.
func linesOf(err error) []string {
	lines := strings.Split(err.Error(), "\n  - ")
	if len(lines) > 1 {
		lines = lines[1:]
	}
	return lines
}
