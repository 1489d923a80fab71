package settings

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
)

type flat struct {
	Timeout time.Duration       `mapstructure:"timeout"`
	Token   configopaque.String `mapstructure:"token"`
}

type entry struct {
	Every time.Duration `mapstructure:"every"`
	Count int           `mapstructure:"count"`
	Names []string      `mapstructure:"names"`
}

type optional struct {
	Wait time.Duration `mapstructure:"wait"`
}

type config struct {
	Flat    flat                              `mapstructure:",squash"`
	Every   time.Duration                     `mapstructure:"every"`
	Nested  entry                             `mapstructure:"nested" example:"{count: 2}"`
	Entries map[string]entry                  `mapstructure:"entries"`
	Maybe   configoptional.Optional[optional] `mapstructure:"maybe"`
	Storage *component.ID                     `mapstructure:"storage"`
	On      bool                              `mapstructure:"on"`

	written *Written
}

func (c *config) Unmarshal(conf *confmap.Conf) (err error) {
	c.written, err = Decode(conf, c)
	return err
}

func (c *config) Validate() error { return c.written.Report() }

func load(t *testing.T, yaml string) *config {
	t.Helper()
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs: []string{"yaml:" + yaml}, DefaultScheme: "env",
		ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory(), envprovider.NewFactory()},
	})
	require.NoError(t, err)
	conf, err := resolver.Resolve(t.Context())
	require.NoError(t, err)
	cfg := &config{Every: time.Hour, Nested: entry{Count: 7}, On: true}
	require.NoError(t, conf.Unmarshal(cfg))
	return cfg
}

// What is right is decoded as the Collector does, and days besides.
func TestDecode(t *testing.T) {
	t.Setenv("SETTINGS_TEST_MAP", "{a: {every: 2d, count: 3, names: [x]}, b: {count: 4}}")
	t.Setenv("SETTINGS_TEST_DIGITS", "0123")
	t.Setenv("SETTINGS_TEST_TIME", "1d12h")
	cfg := load(t, `{timeout: 90s, token: "${env:SETTINGS_TEST_DIGITS}", every: "${env:SETTINGS_TEST_TIME}", nested: {every: 30d},
entries: "${env:SETTINGS_TEST_MAP}", maybe: {wait: 1.5d, enabled: true}, storage: file_storage/x, on: false}`)
	require.NoError(t, confmap.Validate(cfg))
	assert.Nil(t, cfg.written)
	assert.Equal(t, flat{Timeout: 90 * time.Second, Token: "0123"}, cfg.Flat)
	assert.Equal(t, 36*time.Hour, cfg.Every)
	assert.Equal(t, entry{Every: 720 * time.Hour, Count: 7}, cfg.Nested)
	assert.Equal(t, map[string]entry{"a": {Every: 48 * time.Hour, Count: 3, Names: []string{"x"}}, "b": {Count: 4}}, cfg.Entries)
	assert.Equal(t, 36*time.Hour, cfg.Maybe.Get().Wait)
	assert.Equal(t, "file_storage/x", cfg.Storage.String())
	assert.False(t, cfg.On)
}

// Nothing after a key keeps the default of a map or list. The decoder would take it for zero elsewhere, so it is refused.
func TestNothingAfterAKey(t *testing.T) {
	cfg := load(t, "nested:\nentries: {a: , b: {names: }}\nmaybe:\nstorage:\ntoken:\n")
	require.NoError(t, confmap.Validate(cfg))
	assert.Equal(t, 7, cfg.Nested.Count)
	assert.Len(t, cfg.Entries, 2)
	assert.Nil(t, cfg.Storage)
	assert.True(t, cfg.written.Empty("storage"))
	assert.True(t, cfg.written.Empty("token"))
	require.EqualError(t, confmap.Validate(load(t, "every:\nnested: {count: }\n")),
		"2 problems:\n  - 'every' is empty: it must be a time, a number and a unit (ms, s, m, h, d), e.g. every: 1h; "+EmptyHint+
			"\n  - 'nested::count' is empty: it must be a whole number, e.g. count: 7; "+EmptyHint)
}

// What is wrong is told, and does not keep the rest from being decoded.
func TestProblems(t *testing.T) {
	t.Setenv("SETTINGS_TEST_MAP", "{a: {every: 2, count: 3}}")
	for yaml, want := range map[string]string{
		"{every: 5, nested: {count: 9}}":                            "'every' is 5, which has no unit: write 5s, 5m or 5h",
		"{timeout: 5, nested: {count: 9}}":                          "'timeout' is 5, which has no unit: write 5s, 5m or 5h",
		"{maybe: {wait: 5}, nested: {count: 9}}":                    "'maybe::wait' is 5, which has no unit: write 5s, 5m or 5h",
		"{maybe: 5, nested: {count: 9}}":                            "'maybe' is a number: it must be a map with the keys wait",
		"{maybe: {enabled: 5}, nested: {count: 9}}":                 "'maybe::enabled' is 5: it must be true or false",
		"{entries: '${env:SETTINGS_TEST_MAP}', nested: {count: 9}}": "'entries::a::every' is 2, which has no unit: write 2s, 2m or 2h",
		"{entries: {a: [1]}, nested: {count: 9}}":                   "'entries::a' is a list: it must be a map with the keys every, count, names",
		"{on: '${env:SETTINGS_TEST_UNSET}', nested: {count: 9}}":    "'on' is empty: it must be true or false; " + EmptyHint,
		"{token: 5, nested: {count: 9}}":                            "'token' is a number: write it in quotes",
		"{evry: 5m, nested: {count: 9}}":                            "'evry' is no key: did you mean 'every'?",
		"{count: 5, nested: {count: 9}}":                            "'count' is no key: did you mean 'nested::count'?",
	} {
		cfg := load(t, yaml)
		require.EqualError(t, confmap.Validate(cfg), want, yaml)
		assert.Equal(t, 9, cfg.Nested.Count, yaml)
		assert.Equal(t, time.Hour, cfg.Every, yaml)
	}
	assert.Equal(t, 3, load(t, "{entries: '${env:SETTINGS_TEST_MAP}'}").Entries["a"].Count)
}

// A finding that only follows from another problem is left out.
func TestReport(t *testing.T) {
	for _, c := range []struct {
		problem Problem
		found   error
		told    bool
	}{
		{Problem{Key: "a"}, Problemf("a", "is 0"), false},
		{Problem{Key: "a"}, Problemf("a::b", "is required"), false},
		{Problem{Key: "a::b"}, Problemf("a", "is 0"), true},
		{Problem{Key: "a::b"}, Missingf("a", "needs b"), false},
		{Problem{Key: "x", meant: "a::b"}, Problemf("a::b", "is required"), false},
		{Problem{Key: "x", meant: "a"}, Problemf("a::b", "is required"), false},
		{Problem{Key: "x", meant: "a::b"}, Missingf("a", "needs b"), false},
		{Problem{Key: "a"}, Problemf("ab", "is 0"), true},
		{Problem{Key: "a"}, errors.New("else"), true},
	} {
		err := (&Written{problems: []Problem{c.problem}}).Report(nil, errors.Join(nil, c.found))
		assert.Equal(t, c.told, errors.Is(err, c.found), "%v: %v", c.problem, c.found)
	}
	require.NoError(t, (*Written)(nil).Report(nil))
	require.EqualError(t, Under("a", errors.Join(Problemf("b", "is 0"), errors.New("else"))), "'a::b' is 0\n'a': else")
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30d": 720 * time.Hour, "1d12h": 36 * time.Hour, "0.5d": 12 * time.Hour, "-1d": -24 * time.Hour, "1h30m": 90 * time.Minute,
		"250ms": 250 * time.Millisecond, "0s": 0, ".5d": 12 * time.Hour,
	} {
		got, err := parseDuration(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
		assert.Empty(t, durationProblem(text, "5m"), text)
	}
	for text, want := range map[string]string{
		"5": "write 5s, 5m or 5h", "-5": "write -5s", "0": "write 0s", "1.5": "1.5m", "5min": `is "5min": write 5m`, "5 m": "write 5m", "3 Days": "write 3d",
		"1H": "write 1h", "2w": "write 14d", "d": "is no time", "1d5": "is no time", "soon": "is no time", "9999999d": "is no time",
		"5m s3cret": "is no time",
	} {
		assert.Contains(t, durationProblem(text, "5m"), want, text)
	}
	for want, d := range map[string]time.Duration{
		"0s": 0, "30d": 720 * time.Hour, "36h": 36 * time.Hour, "1h30m": 90 * time.Minute, "2m": 2 * time.Minute, "1m1s": 61 * time.Second,
		"-1m": -time.Minute, "100ms": 100 * time.Millisecond, "20s": 20 * time.Second, "1h0m20s": time.Hour + 20*time.Second,
	} {
		assert.Equal(t, want, Duration(d))
		back, err := parseDuration(want)
		require.NoError(t, err)
		assert.Equal(t, d, back, want)
	}
}

func TestClosest(t *testing.T) {
	keys := []string{"poll_interval", "settle", "page", "DeviceEvents", "LogonId", "SHA1", "initial_lookback"}
	for word, want := range map[string]string{
		"poll_intervall": "poll_interval", "PollInterval": "poll_interval", "poll-interval": "poll_interval", "setle": "settle", "settel": "settle",
		"deviceevent": "DeviceEvents", "LogonID": "LogonId", "SHA2": "", "rage": "page", "colour": "", "": "", "p": "", "lookback": "",
	} {
		got, ok := Closest(word, keys)
		assert.Equal(t, want, got, word)
		assert.Equal(t, want != "", ok, word)
	}
	got, _ := Resembling("lookback", keys)
	assert.Equal(t, "initial_lookback", got)
	_, ok := Resembling("interval", append(keys, "max_interval"))
	assert.False(t, ok, "two could be meant")
}

func TestChecks(t *testing.T) {
	for want, err := range map[string]error{
		"'k' is 0: it must be greater than zero":                    Positive("k", 0),
		"'k' is -1h: it must be greater than zero":                  Positive("k", -time.Hour),
		"'k' is 11: it must be between 1 and 10":                    Within("k", 11, 1, 10),
		"'k' is 31d: it must be between 0s and 30d":                 Within("k", 31*24*time.Hour, 0, 30*24*time.Hour),
		"'k' is 1ms: it must be at least 100ms":                     AtLeast("k", time.Millisecond, 100*time.Millisecond),
		`'k' is "c": it must be one of a, b`:                        OneOf("k", "c", "a", "b"),
		`'k' is "Abcd": it must be one of abcd; did you mean abcd?`: OneOf("k", "Abcd", "abcd"),
		"'k' is unknown: it must be one of a, b":                    OneOf("k", "s3cret!", "a", "b"),
		"'k' is empty: it must be one of a, b":                      OneOf("k", "", "a", "b"),
	} {
		require.EqualError(t, err, want)
	}
	require.NoError(t, errors.Join(Positive("k", 1), Within("k", 1, 1, 1), AtLeast("k", 2, 2), OneOf("k", "a", "a")))
}

// A secret that somebody wrote in the place of a path is not repeated.
func TestUnreadable(t *testing.T) {
	_, err := os.Open("/no/such/file")
	require.EqualError(t, Unreadable("k", "/no/such/file", err),
		"'k' names a file /no/such/file that cannot be read (check the path, and the rights of the collector's user): no such file or directory")
	require.ErrorIs(t, Unreadable("k", "/no/such/file", err), fs.ErrNotExist)
	_, err = os.Open("s3cret~value")
	assert.NotContains(t, Unreadable("k", "s3cret~value", err).Error(), "s3cret")
}
