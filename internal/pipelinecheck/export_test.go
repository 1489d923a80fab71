package pipelinecheck

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// exporting adds receivers of the export to the harness's configuration, and takes out its own.
func exporting(receivers, list string) string {
	return "receivers:" + receivers + "\nservice: {pipelines: {logs: {receivers: [" + list + "]}}}"
}

const stored = `
  defender_storage:
    account_url: https://contosodefender.blob.core.windows.net
    credentials: {tenant_id: 11111111-2222-4333-8444-555555555555, client_id: aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee, client_secret: s3cr3t-value}
    storage: file_storage/cursors
    dead_letter: {directory: /var/lib/x}
`

const storedTwice = stored + `
  defender_storage/2:
    account_url: https://CONTOSODEFENDER.blob.core.windows.net/
    credentials: {tenant_id: 11111111-2222-4333-8444-555555555555, client_id: aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee, client_secret: s3cr3t-value}
    storage: file_storage/cursors
    dead_letter: {directory: /var/lib/x}
`

// The rows of a receiver of the storage export are followed, and what is good is found good.
func TestRowsOfTheExportAreFollowed(t *testing.T) {
	report := check(t, toKafka, exporting(stored, "defender_storage"))
	assert.Equal(t, []string{"receivers::defender_storage"}, report.Sources)
	assert.Equal(t, Clean, report.Verdict())
	assert.Empty(t, report.Findings)
	assert.Empty(t, report.Invalid)
	for name, fault := range map[string]string{
		"memory_queue":      "exporters: {kafka: {sending_queue: {enabled: true, num_consumers: 1}}}",
		"no_dead_letter":    `receivers: {defender_storage: {dead_letter: {directory: ""}}}`,
		"cursors_in_memory": "extensions: {file_storage/cursors: {directory: /run}}",
		"export_repeats":    "receivers: {defender_storage: {deduplicate: {window: 0s}}}",
	} {
		assert.Len(t, pathsOf(check(t, toKafka, exporting(stored, "defender_storage"), fault), name), 1, name)
	}
	assert.Len(t, pathsOf(check(t, toKafka, exporting(stored, "defender_storage"), "receivers: {defender_storage: {deduplicate: {max_entries: 0}}}"), "export_repeats"), 1)
}

func TestExportedTwice(t *testing.T) {
	const logons, files = "insights-logs-advancedhunting-devicelogonevents", "insights-logs-advancedhunting-devicefileevents"
	for name, c := range map[string]struct {
		change string
		twice  bool
	}{
		"all of both":               {"{}", true},
		"another account":           {"{defender_storage/2: {account_url: https://other.blob.core.windows.net}}", false},
		"other shards":              {"{defender_storage: {shard: {of: 2}}, defender_storage/2: {shard: {of: 2, index: 1}}}", false},
		"one shard":                 {"{defender_storage: {shard: {of: 2}}, defender_storage/2: {shard: {of: 2}}}", true},
		"shards of different parts": {"{defender_storage: {shard: {of: 2}}, defender_storage/2: {shard: {of: 3, index: 1}}}", true},
		"other tenants":             {"{defender_storage: {tenants: [A]}, defender_storage/2: {tenants: [b]}}", false},
		"one tenant":                {"{defender_storage: {tenants: [A]}, defender_storage/2: {tenants: [b, a]}}", true},
		"other containers":          {"{defender_storage: {containers: [" + logons + "]}, defender_storage/2: {containers: [" + files + "]}}", false},
		"one container":             {"{defender_storage: {containers: [" + logons + "]}}", true},
		"excluded":                  {"{defender_storage: {containers: [" + logons + "]}, defender_storage/2: {exclude_containers: [" + logons + "]}}", false},
	} {
		report := check(t, toKafka, exporting(storedTwice, "defender_storage, defender_storage/2"), "receivers: "+c.change)
		assert.Equal(t, c.twice, len(pathsOf(report, "exported_twice")) == 2, name)
		assert.Equal(t, c.twice, len(pathsOf(report, "exported_twice")) > 0, name)
	}
}

func TestExportedAndHunted(t *testing.T) {
	const logons = "insights-logs-advancedhunting-devicelogonevents"
	for name, c := range map[string]struct {
		change string
		both   bool
	}{
		"all tables":       {"{}", true},
		"another tenant":   {"{defender_storage: {credentials: {tenant_id: 99999999-2222-4333-8444-555555555555}}}", false},
		"another, by name": {"{defender_storage: {tenants: [99999999-2222-4333-8444-555555555555]}}", false},
		"one container":    {"{defender_storage: {containers: [" + logons + "]}}", true},
		"not that one":     {"{defender_storage: {containers: [" + logons + "]}, defender: {tables: {DeviceLogonEvents: {enabled: false}}}}", false},
		"excluded":         {"{defender_storage: {containers: [" + logons + "], exclude_containers: [" + logons + "]}}", false},
		"directories":      {"{defender_storage: {containers: [insights-logs-advancedhunting-deviceinfo]}}", false},
	} {
		report := check(t, toKafka, exporting(stored, "defender, defender_storage"), "receivers: "+c.change)
		var want []string
		if c.both {
			want = []string{"receivers::defender_storage::containers"}
		}
		assert.Equal(t, want, pathsOf(report, "exported_and_hunted"), name)
	}
}
