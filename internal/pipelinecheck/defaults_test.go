package pipelinecheck

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The texts of the rules, and the documentation, speak of these defaults of the distribution's components. A component
// that changes one turns this red: read its rules again then.
func TestDefaults(t *testing.T) {
	queueAndRetry := map[string]any{
		"sending_queue::wait_for_result": false, "sending_queue::storage": nil, "sending_queue::num_consumers": 10,
		"sending_queue::queue_size": int64(1000), "sending_queue::block_on_overflow": false, "sending_queue::batch": nil,
		"retry_on_failure::enabled": true, "retry_on_failure::max_elapsed_time": 5 * time.Minute,
	}
	for _, test := range []struct {
		section section
		typ     string
		want    []map[string]any
	}{
		{exporters, typeKafka, []map[string]any{queueAndRetry, {
			"partition_logs_by_resource_attributes": false, "logs::message_key_from_metadata_key": "",
			"record_partitioner::sticky_key::hasher": "sarama_compat", "producer::allow_auto_topic_creation": true,
			"producer::compression": "none",
		}}},
		{exporters, typeOTLPGRPC, []map[string]any{queueAndRetry}},
		{exporters, typeOTLPHTTP, []map[string]any{queueAndRetry}},
		{exporters, typeClickHouse, []map[string]any{queueAndRetry, {"async_insert": true, "create_schema": true, "endpoint": ""}}},
		{exporters, typeFile, []map[string]any{{"append": false, "rotation": nil}}},
		{exporters, typeDebug, []map[string]any{{"sending_queue": nil}}},
		{receivers, typeKafka, []map[string]any{{
			"message_marking::after": false, "message_marking::on_error": false, "message_marking::on_permanent_error": false,
			"initial_offset": "latest", "error_backoff::enabled": false, "error_backoff::multiplier": 0.0,
		}}},
		{receivers, typeDefender, []map[string]any{{
			"feeds::alerts_v2::enabled": false, "feeds::incidents::enabled": false, "feeds::alerts_v2::audit::interval": time.Hour,
			"feeds::incidents::audit::window": 24 * time.Hour, "tables::Alerts::enabled": true,
			"late_arrival::audit::interval": time.Hour, "late_arrival::audit::window": 24 * time.Hour, "dead_letter::directory": "",
		}}},
		{processors, typeTotalNormalize, []map[string]any{{"tuid::unmapped": "derive", "other_records": "pass", "alerts": "hunting"}}},
		{processors, typeFilter, []map[string]any{{"error_mode": "ignore"}}},
		{processors, typeTransform, []map[string]any{{"error_mode": "ignore"}}},
		{extensions, typeFileStorage, []map[string]any{{"fsync": nil, "recreate": nil}}}, // false is left out
	} {
		c := read(t, test.section, test.typ, map[string]any{})
		for _, want := range test.want {
			for key, value := range want {
				assert.EqualValues(t, value, plain(c, key), "%s %s", c.path(), key)
			}
		}
	}
	acks := read(t, exporters, typeKafka, map[string]any{})
	assert.EqualValues(t, 1, acks.number("producer::required_acks"))
}

// plain gives values of named string types as strings.
func plain(c *configured, key string) any {
	switch v := c.get(key).(type) {
	case nil, bool, int, int64, float64, time.Duration:
		return v
	default:
		return c.text(key)
	}
}

// A rotation that is written without limits keeps 100 files.
func TestRotationDeletesUnlessItIsToldNotTo(t *testing.T) {
	c := read(t, exporters, typeFile, map[string]any{"path": "x", "rotation": map[string]any{"max_megabytes": 1}})
	assert.EqualValues(t, 100, c.number("rotation::max_backups"))
	assert.Zero(t, c.number("rotation::max_days"))
}

// The rules speak of types that the build must have.
func TestTypesAreThoseOfTheBuild(t *testing.T) {
	known, _, err := readBuild()
	require.NoError(t, err)
	for s, types := range judged {
		for _, typ := range types {
			assert.Contains(t, known.types(s), typ, s)
		}
	}
	assert.Contains(t, known.types(extensions), typeHealth)
}
