package defendersiemprocessor

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	xstorage "go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-defender/otelcol-defender/internal/logrecord"
	"github.com/otelcol-defender/otelcol-defender/internal/reach"
	"github.com/otelcol-defender/otelcol-defender/internal/testbed/collector"
	"github.com/otelcol-defender/otelcol-defender/processor/defendersiemprocessor/internal/emitted"
)

const typePrefix = "#microsoft.graph.security."

func device(id string) object {
	return object{"@odata.type": typePrefix + "deviceEvidence", "mdeDeviceId": id, "deviceDnsName": id + ".contoso.com"}
}

func process(number int) object {
	return object{
		"@odata.type": typePrefix + "processEvidence", "mdeDeviceId": "d1", "processId": int64(number),
		"processCreationDateTime": "2026-05-02T19:45:31Z", "createdDateTime": "2026-05-02T19:46:31Z", "remediationStatus": "none",
	}
}

func file(device, name string) object {
	return object{"@odata.type": typePrefix + "fileEvidence", "mdeDeviceId": device, "fileDetails": object{"fileName": name, "sha1": "ab"}}
}

func user(name string) object {
	return object{"@odata.type": typePrefix + "userEvidence", "userAccount": object{"accountName": name, "domainName": "contoso"}}
}

func alertWith(id string, evidence ...any) object {
	return object{"id": id, "serviceSource": defaultService, "createdDateTime": "2026-05-02T19:45:31.13Z", "evidence": evidence}
}

// versions are the 12 versions of an alert that grows to 21 processes and is then resolved.
func versions(id string) []object {
	var all []object
	var evidence []any
	for version := range 12 {
		if version == 0 {
			evidence = append(evidence, process(0), device("d1"), user("liz"))
		}
		for len(evidence) < 3+min(2*version, 20) {
			evidence = append([]any{process(len(evidence))}, evidence...) // in front, which changes the order
		}
		all = append(all, alertWith(id, slices.Clone(evidence)...))
	}
	all[11]["status"] = "resolved"
	return all
}

// requireParts checks that each FullId came once, and that the parts are 0 to n-1 in this order.
func requireParts(t *testing.T, bodies []object, n int) {
	t.Helper()
	seen := map[any]bool{}
	for i, body := range bodies {
		require.EqualValues(t, i, body["AlertPart"])
		require.False(t, seen[body["FullId"]], "%v comes twice", body["FullId"])
		seen[body["FullId"]] = true
	}
	require.Len(t, bodies, n)
}

// An alert in 12 versions gives each record once, also where the collector is started anew or killed in between.
func TestVersions(t *testing.T) {
	for name, c := range map[string]struct {
		storage *collector.Storage
		restart func(*testing.T, *siem, *collector.Storage) *collector.Storage
	}{
		"without a storage": {nil, nil},
		"with a storage":    {collector.NewStorage(), nil},
		"over a restart": {collector.NewStorage(), func(t *testing.T, p *siem, s *collector.Storage) *collector.Storage {
			t.Helper()
			require.NoError(t, p.Shutdown(t.Context()))
			return s
		}},
		"over a crash": {collector.NewStorage(), func(_ *testing.T, _ *siem, s *collector.Storage) *collector.Storage { return s.Snapshot() }},
	} {
		t.Run(name, func(t *testing.T) {
			p, next := start(t, c.storage)
			var all []object
			for i, version := range versions("a1") {
				if i == 6 && c.restart != nil {
					all = next.take()
					p, next = start(t, c.restart(t, p, c.storage))
				}
				require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(t, version)))
			}
			requireParts(t, append(all, next.bodies()...), 21)
		})
	}
}

// Versions of several alerts in one call are told apart.
func TestVersionsInOneCall(t *testing.T) {
	p, next := start(t, nil)
	require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(t, append(versions("a1"), versions("a2")...)...)))
	bodies := next.bodies()
	require.Len(t, bodies, 42)
	requireParts(t, bodies[:21], 21)
	requireParts(t, bodies[21:], 21)
}

// Without a storage a restart gives the same records again, which readers know by FullId.
func TestRestartWithoutStorage(t *testing.T) {
	first, again := convert(t, versions("a1")[11:]), convert(t, versions("a1")[11:])
	requireParts(t, first, 21)
	assert.Equal(t, first, again)
}

// A refused call leaves no trace, in memory or in the storage.
func TestRefusedRecordsComeAgain(t *testing.T) {
	storage := collector.NewStorage()
	p, next := start(t, storage)
	require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(t, versions("a1")[3])))
	before := next.take()
	requireParts(t, before, 7)

	refusal, logs := errors.New("refused"), logsOf(t, versions("a1")[5])
	next.refuse(refusal)
	require.ErrorIs(t, p.ConsumeLogs(t.Context(), logs), refusal)
	killed := storage.Snapshot()
	next.refuse(nil)
	require.NoError(t, p.ConsumeLogs(t.Context(), logs), "the same call, which was not changed")
	requireParts(t, append(slices.Clone(before), next.bodies()...), 11)

	p, afterwards := start(t, killed)
	require.NoError(t, p.ConsumeLogs(t.Context(), logs))
	assert.Equal(t, next.bodies(), afterwards.bodies(), "after a crash, too")
}

// An exporter that refuses some records refuses the whole call: the receiver knows none of the records by their ids.
func TestRefusalOfSomeRecords(t *testing.T) {
	p, next := start(t, nil)
	refused := logsOf(t, object{})
	next.refuse(consumererror.NewPermanent(consumererror.NewLogs(errors.New("too large"), refused)))
	other := logsOf(t, object{})
	other.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SetEventName("x")
	alerts := logsOf(t, versions("a1")...)
	for _, c := range []struct{ call, failed plog.Logs }{{alerts, alerts}, {other, refused}} {
		err := p.ConsumeLogs(t.Context(), c.call)
		require.ErrorContains(t, err, "too large")
		assert.True(t, consumererror.IsPermanent(err))
		var failed consumererror.Logs
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, c.failed, failed.Data())
	}
	next.refuse(nil)
	require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(t, versions("a1")...)))
	requireParts(t, next.bodies(), 21)
}

// cancelling is a storage that does nothing once the context has ended, as storages over a network.
type cancelling struct{ *collector.Storage }

func (c cancelling) GetClient(context.Context, component.Kind, component.ID, string) (xstorage.Client, error) {
	return c, nil
}

func (c cancelling) Batch(ctx context.Context, operations ...*xstorage.Operation) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return c.Storage.Batch(ctx, operations...)
}

// Records that were accepted while the call's context ended, as at shutdown, are stored.
func TestCallThatEndsAfterAcceptance(t *testing.T) {
	storage, now := cancelling{collector.NewStorage()}, time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC)
	p, cancel := startOver(t, storage, &now)
	ctx := t.Context()
	ctx, *cancel = context.WithCancel(ctx)
	require.NoError(t, p.ConsumeLogs(ctx, logsOf(t, versions("a1")[0])))
	require.Error(t, ctx.Err())
	_, keys := storage.Count()
	assert.Equal(t, 1, keys)
}

// Old alerts are deleted once a day.
func TestOldAlertsAreDeleted(t *testing.T) {
	storage, now := cancelling{collector.NewStorage()}, time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC)
	p, _ := startOver(t, storage, &now)
	for _, id := range []string{"a1", "a2", "a3"} {
		require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(t, alertWith(id))))
		_, keys := storage.Count()
		assert.Equal(t, 1, keys, id)
		now = now.Add(emitted.Kept + time.Hour)
	}
}

// startOver starts a processor with a storage and a time of its own. What stands behind it cancels the call that it accepts.
func startOver(t *testing.T, storage cancelling, now *time.Time) (*siem, *context.CancelFunc) {
	t.Helper()
	cancel := context.CancelFunc(func() {})
	next, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
		cancel()
		return nil
	})
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	cfg.StorageID = &storageID
	p, err := newProcessor(processortest.NewNopSettings(typ), cfg, next, func() time.Time { return *now })
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), collector.Host{Extensions: collector.Extensions{storageID: storage}}))
	t.Cleanup(func() { require.NoError(t, p.Shutdown(context.Background())) })
	return p, &cancel
}

// A storage that fails does not lose records, and forgets nothing while the process runs.
func TestStorageThatCannotBeWritten(t *testing.T) {
	storage := collector.NewStorage()
	p, next := start(t, storage)
	storage.Fail(errors.New("disk full"))
	for _, version := range versions("a1")[:6] {
		require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(t, version)))
	}
	requireParts(t, next.bodies(), 11)
	storage.Fail(nil)
	require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(t, alertWith("a2", process(1)))))
	all := next.take()[:11]

	p, next = start(t, storage.Snapshot())
	for _, version := range versions("a1")[6:] {
		require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(t, version)))
	}
	requireParts(t, append(all, next.bodies()...), 21)
}

// What cannot be read in the storage is written anew.
func TestStorageWithOtherContent(t *testing.T) {
	storage := collector.NewStorage()
	p, next := start(t, storage)
	require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(t, versions("a1")[0])))
	want := next.bodies()
	require.NoError(t, storage.Walk(t.Context(), func(key string, _ []byte) ([]*xstorage.Operation, error) {
		return []*xstorage.Operation{xstorage.SetOperation(key, []byte(`{"ids":["x"]}`))}, nil
	}))
	p, next = start(t, storage)
	require.NoError(t, p.ConsumeLogs(t.Context(), logsOf(t, versions("a1")[0])))
	assert.Equal(t, want, next.bodies())
}

// Calls at the same time give each record once.
func TestCallsAtTheSameTime(t *testing.T) {
	p, next := start(t, collector.NewStorage())
	var calls sync.WaitGroup
	for _, version := range versions("a1") {
		logs := logsOf(t, version)
		calls.Go(func() { assert.NoError(t, p.ConsumeLogs(context.Background(), logs)) })
	}
	calls.Wait()
	requireParts(t, next.bodies(), 21)
}

// A call that waits for its turn ends with its context.
func TestWaitingCallEnds(t *testing.T) {
	p, _ := start(t, nil)
	require.NoError(t, p.begin(t.Context()))
	defer p.end()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, p.ConsumeLogs(ctx, logsOf(t, versions("a1")[0])), context.Canceled)
}

func TestFiveDevicesThreeFilesTwoUsers(t *testing.T) {
	evidence := []any{user("liz"), user("jay")}
	for d := range 5 {
		id := fmt.Sprintf("d%d", d)
		evidence = append(evidence, device(id))
		for f := range 3 {
			evidence = append(evidence, file(id, fmt.Sprintf("f%d", f)))
		}
	}
	bodies := convert(t, []object{alertWith("a1", evidence...)})
	requireParts(t, bodies, 15)
	for i, body := range bodies {
		id := fmt.Sprintf("d%d", i/3)
		assert.Equal(t, []any{id, id, "contoso.com", fmt.Sprintf("f%d", i%3), "liz", "contoso"},
			[]any{body["DeviceID"], body["MachineName"], body["MachineDomain"], body["FileName"], body["UserName"], body["UserDomain"]})
	}
}

func TestSettings(t *testing.T) {
	processes := alertWith("a1", process(1), device("d1"), process(2), user("liz"))
	for name, c := range map[string]struct {
		alerts []object
		change func(*Config)
		parts  []int64
	}{
		"per indicator": {[]object{processes}, func(*Config) {}, []int64{0, 1}},
		"per alert":     {[]object{processes, alertWith("a1", process(3))}, func(c *Config) { c.Records = RecordsPerAlert }, []int64{0}},
		"per alert, repeated": {[]object{processes, alertWith("a1", process(3))}, func(c *Config) {
			c.Records, c.OnUpdate = RecordsPerAlert, OnUpdateRepeat
		}, []int64{0, 0}},
		"per evidence":           {[]object{processes}, func(c *Config) { c.Records = RecordsPerEvidence }, []int64{0, 1, 2, 3}},
		"per evidence of none":   {[]object{alertWith("a1")}, func(c *Config) { c.Records = RecordsPerEvidence }, []int64{0}},
		"repeat":                 {[]object{processes, processes}, func(c *Config) { c.OnUpdate = OnUpdateRepeat }, []int64{0, 1, 0, 1}},
		"no indicator":           {[]object{alertWith("a1", device("d1"))}, func(*Config) {}, []int64{0}},
		"no indicator, later":    {[]object{alertWith("a1", device("d1")), processes}, func(*Config) {}, []int64{0, 1, 2}},
		"no indicator any more":  {[]object{processes, alertWith("a1", device("d1"))}, func(*Config) {}, []int64{0, 1}},
		"no indicator, repeated": {[]object{alertWith("a1"), alertWith("a1")}, func(c *Config) { c.OnUpdate = OnUpdateRepeat }, []int64{0, 0}},
		"too many":               {versions("a1"), func(c *Config) { c.MaxRecordsPerAlert = 3 }, []int64{0, 1, 2}},
		"too many, repeated":     {[]object{processes, processes}, func(c *Config) { c.MaxRecordsPerAlert, c.OnUpdate = 1, OnUpdateRepeat }, []int64{0, 0}},
		"another service":        {[]object{with(processes, object{"serviceSource": "microsoftSentinel"})}, func(*Config) {}, nil},
		"another service, named": {[]object{with(processes, object{"serviceSource": "microsoftSentinel"})}, func(c *Config) { c.Services = []string{"microsoftSentinel"} }, []int64{0, 1}},
		"more indicators": {
			[]object{alertWith("a1", object{"@odata.type": typePrefix + "dnsEvidence", "domainName": "x"}, process(1))},
			func(c *Config) { c.AdditionalIndicators = []Indicator{IndicatorDNS} },
			[]int64{0, 1},
		},
	} {
		bodies := convert(t, c.alerts, c.change)
		var parts []int64
		ids := map[any]any{}
		for _, body := range bodies {
			parts = append(parts, body["AlertPart"].(int64))
			if before, ok := ids[body["AlertPart"]]; ok {
				assert.Equal(t, before, body["FullId"], "%s: a part keeps its id", name)
			}
			ids[body["AlertPart"]] = body["FullId"]
		}
		assert.Equal(t, c.parts, parts, name)
	}
}

// A repeat shows the state of the newest version.
func TestRepeatShowsTheState(t *testing.T) {
	blocked := process(1)
	blocked["remediationStatus"] = "blocked"
	bodies := convert(t, []object{alertWith("a1", process(1)), alertWith("a1", blocked)}, func(c *Config) { c.OnUpdate = OnUpdateRepeat })
	require.Len(t, bodies, 2)
	assert.Equal(t, []any{"", nil, "blocked", true},
		[]any{bodies[0]["RemediationAction"], bodies[0]["RemediationIsSuccess"], bodies[1]["RemediationAction"], bodies[1]["RemediationIsSuccess"]})
}

// Every type of evidence that the schema has goes through, whole, with nulls, and with nothing; those that are no
// indicators give no record of their own.
func TestEveryTypeOfEvidence(t *testing.T) {
	schema := readSchema(t)
	indicators := []string{"fileEvidence", "ipEvidence", "processEvidence", "urlEvidence"}
	kinds := 0
	for name := range schema {
		if schema[name].base != "alertEvidence" {
			continue
		}
		kinds++
		full := schema.instance(name, 0)
		empty := object{"@odata.type": typePrefix + name}
		null := object{"@odata.type": typePrefix + name}
		for property := range full {
			if property != "@odata.type" {
				null[property] = nil
			}
		}
		first := convert(t, []object{alertWith("a1", process(1), full, null, empty)})
		if slices.Contains(indicators, name) {
			assert.Len(t, first, 2, name)
		} else {
			assert.Len(t, first, 1, name)
		}
		each := func(c *Config) {
			c.Records = RecordsPerEvidence
			c.AdditionalIndicators = []Indicator{IndicatorDNS, IndicatorFileHash, IndicatorNetworkConnection}
		}
		once := convert(t, []object{alertWith("a1", full), alertWith("a1", full)}, each)
		assert.Len(t, once, 1, name)
		for _, body := range slices.Concat(first, once, convert(t, []object{alertWith("a1", null, empty)}, each)) {
			requireStrict(t, body)
		}
	}
	assert.Equal(t, 48, kinds)
}

// Content never makes a call fail.
func TestContentNeverFails(t *testing.T) {
	deep := object{}
	for range 200 {
		deep = object{"@odata.type": typePrefix + "kubernetesPodEvidence", "containers": []any{deep}}
	}
	for _, odd := range []any{
		nil, "", "x", int64(1), 1.5, true, object{}, []any{}, []any{nil, "x", int64(1), object{"@odata.type": object{}}, []any{}}, []any{deep},
	} {
		for _, change := range []func(*Config){func(*Config) {}, func(c *Config) { c.Records = RecordsPerEvidence }, func(c *Config) { c.Records = RecordsPerAlert }} {
			for _, body := range convert(t, []object{alertWith("a1"), with(alertWith("a2"), object{"evidence": odd}), {"id": odd, "serviceSource": defaultService}}, change) {
				requireStrict(t, body)
			}
		}
	}
}

// Records that are no alerts of the services stay where they are, or are dropped; a watermark stays.
func TestOtherRecords(t *testing.T) {
	for other, want := range map[OtherRecords][]string{
		OtherRecordsPass: {"microsoft.defender.incident", logrecord.EventAlertV2, logrecord.EventAlertV2, logrecord.EventSIEMAlert, logrecord.EventWatermark},
		OtherRecordsDrop: {logrecord.EventSIEMAlert, logrecord.EventWatermark},
	} {
		p, next := start(t, nil, func(c *Config) { c.OtherRecords = other })
		logs := logsOf(t, object{"id": "i1"}, with(alertWith("a1"), object{"serviceSource": "microsoftSentinel"}), with(alertWith(""), nil), alertWith("a2"), object{})
		records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
		records.At(0).SetEventName(logrecord.EventIncident)
		records.At(4).SetEventName(logrecord.EventWatermark)
		logs.ResourceLogs().At(0).ScopeLogs().At(0).Scope().SetName("scope")
		logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
		require.NoError(t, p.ConsumeLogs(t.Context(), logs))

		var got []string
		for _, record := range next.records() {
			got = append(got, record.EventName())
		}
		assert.Equal(t, want, got, other)
		require.Equal(t, 1, next.calls[0].ResourceLogs().Len())
		assert.Equal(t, "scope", next.calls[0].ResourceLogs().At(0).ScopeLogs().At(0).Scope().Name())
	}

	p, next := start(t, nil, func(c *Config) { c.OtherRecords = OtherRecordsDrop })
	logs := logsOf(t, object{})
	logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SetEventName("x")
	ctx, count := reach.Watch(t.Context())
	require.NoError(t, p.ConsumeLogs(ctx, logs))
	assert.Empty(t, next.calls, "no empty call")
	assert.False(t, count.Reached())
	require.NoError(t, p.ConsumeLogs(ctx, logsOf(t, alertWith("a1"))))
	assert.True(t, count.Reached())
}

// The record around the fields: the time is AlertTime, the uid stands for the FullId, what was said of the alert stays.
func TestLogRecord(t *testing.T) {
	p, next := start(t, nil, func(c *Config) { c.OnUpdate = OnUpdateRepeat })
	logs := logsOf(t, alertWith("a1", process(1), process(2)))
	from := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
	from.SetTimestamp(7)
	from.SetObservedTimestamp(8)
	from.SetSeverityNumber(plog.SeverityNumberError)
	from.SetSeverityText("high")
	for range 2 {
		require.NoError(t, p.ConsumeLogs(t.Context(), logs))
	}
	records := next.records()
	require.Len(t, records, 4)
	uid := func(i int) string {
		v, ok := records[i].Attributes().Get(logrecord.AttributeUID)
		require.True(t, ok)
		return v.Str()
	}
	assert.Equal(t, "2026-05-02T19:45:31.13Z", records[0].Timestamp().AsTime().Format("2006-01-02T15:04:05.99Z"))
	assert.EqualValues(t, 8, records[0].ObservedTimestamp())
	assert.Equal(t, plog.SeverityNumberError, records[0].SeverityNumber())
	assert.Equal(t, "high", records[0].SeverityText())
	assert.Equal(t, "8e163062-4bf5-5e1a-82b9-af7233ed71c3", uid(0), "it is the same in every release")
	assert.NotEqual(t, uid(0), uid(1))
	assert.Equal(t, []string{uid(0), uid(1)}, []string{uid(2), uid(3)})
	alertID, _ := records[0].Attributes().Get(logrecord.AttributeAlertID)
	assert.Equal(t, "an alert", alertID.Str())

	undated := alertWith("a2")
	delete(undated, "createdDateTime")
	logs = logsOf(t, undated)
	logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SetTimestamp(7)
	require.NoError(t, p.ConsumeLogs(t.Context(), logs))
	assert.EqualValues(t, 7, next.records()[4].Timestamp())
}

// strict is a reader that knows the 50 fields of the former API and their types, and nothing else.
type strict struct {
	AlertTime                 *string `json:"AlertTime"`
	ComputerDNSName           *string `json:"ComputerDnsName"`
	AlertTitle                *string `json:"AlertTitle"`
	Category                  *string `json:"Category"`
	Severity                  *string `json:"Severity"`
	AlertID                   *string `json:"AlertId"`
	Actor                     *string `json:"Actor"`
	LinkToWDATP               *string `json:"LinkToWDATP"`
	IocName                   *string `json:"IocName"`
	IocValue                  *string `json:"IocValue"`
	CreatorIocName            *string `json:"CreatorIocName"`
	CreatorIocValue           *string `json:"CreatorIocValue"`
	Sha1                      *string `json:"Sha1"`
	FileName                  *string `json:"FileName"`
	FilePath                  *string `json:"FilePath"`
	IPAddress                 *string `json:"IpAddress"`
	URL                       *string `json:"Url"`
	IoaDefinitionID           *string `json:"IoaDefinitionId"`
	UserName                  *string `json:"UserName"`
	AlertPart                 *int    `json:"AlertPart"`
	FullID                    *string `json:"FullId"`
	LastProcessedTimeUtc      *string `json:"LastProcessedTimeUtc"`
	ThreatCategory            *string `json:"ThreatCategory"`
	ThreatFamily              *string `json:"ThreatFamily"`
	ThreatName                *string `json:"ThreatName"`
	RemediationAction         *string `json:"RemediationAction"`
	RemediationIsSuccess      *bool   `json:"RemediationIsSuccess"`
	Source                    *string `json:"Source"`
	Md5                       *string `json:"Md5"`
	Sha256                    *string `json:"Sha256"`
	WasExecutingWhileDetected *bool   `json:"WasExecutingWhileDetected"`
	UserDomain                *string `json:"UserDomain"`
	LogOnUsers                *string `json:"LogOnUsers"`
	MachineDomain             *string `json:"MachineDomain"`
	MachineName               *string `json:"MachineName"`
	InternalIPv4List          *string `json:"InternalIPv4List"`
	InternalIPv6List          *string `json:"InternalIPv6List"`
	FileHash                  *string `json:"FileHash"`
	DeviceID                  *string `json:"DeviceID"`
	MachineGroup              *string `json:"MachineGroup"`
	Description               *string `json:"Description"`
	DeviceCreatedMachineTags  *string `json:"DeviceCreatedMachineTags"`
	CloudCreatedMachineTags   *string `json:"CloudCreatedMachineTags"`
	CommandLine               *string `json:"CommandLine"`
	IncidentLinkToWDATP       *string `json:"IncidentLinkToWDATP"`
	ReportID                  *int    `json:"ReportID"`
	LinkToMTP                 *string `json:"LinkToMTP"`
	IncidentLinkToMTP         *string `json:"IncidentLinkToMTP"`
	ExternalID                *string `json:"ExternalId"`
	IocUniqueID               *string `json:"IocUniqueId"`
}

func requireStrict(t *testing.T, body object) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var got strict
	require.NoError(t, decoder.Decode(&got), string(text))
	require.NotNil(t, got.AlertPart)
	require.Len(t, body, 50)
	nulls := 0
	for _, value := range body {
		if value == nil {
			nulls++
		}
	}
	require.LessOrEqual(t, nulls, 3, "only ReportID and the two booleans may be null")
}

// schema has the types of Graph's metadata.
type schema map[string]*schemaType

type schemaType struct {
	base       string
	properties [][]string // name, type, kind, collection
}

func readSchema(t *testing.T) schema {
	t.Helper()
	f, err := os.Open("testdata/alerts-v2-schema.csv")
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	types := schema{}
	for _, row := range rows[1:] {
		if types[row[0]] == nil {
			types[row[0]] = &schemaType{base: row[1]}
		}
		types[row[0]].properties = append(types[row[0]].properties, row[2:6])
	}
	return types
}

// instance is an object of a type with every property.
func (s schema) instance(name string, depth int) object {
	o := object{"@odata.type": typePrefix + name}
	for _, base := range []string{s[name].base, name} {
		if s[base] == nil {
			continue
		}
		for _, p := range s[base].properties {
			value := s.value(p[1], depth)
			if p[3] == "yes" {
				value = []any{value, nil, value}
			}
			o[p[0]] = value
		}
	}
	return o
}

func (s schema) value(typ string, depth int) any {
	switch typ {
	case "Int64", "Int32":
		return int64(9_007_199_254_740_993)
	case "Double":
		return 1.5
	case "Boolean":
		return true
	case "DateTimeOffset":
		return "2021-04-27T12:19:27.7211305Z"
	}
	if _, ok := s[typ]; !ok {
		return "text"
	}
	if depth > 4 {
		return nil
	}
	return s.instance(typ, depth+1)
}
