package alert

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// object is a JSON object.
type object = map[string]any

func read(t *testing.T, evidence ...any) Alert {
	t.Helper()
	body := pcommon.NewMap()
	require.NoError(t, body.FromRaw(object{"id": "a1", "evidence": evidence}))
	return Read(body)
}

func device(id any, roles ...any) object {
	return object{"@odata.type": "#microsoft.graph.security.deviceEvidence", "mdeDeviceId": id, "detailedRoles": roles}
}

func TestDeviceOf(t *testing.T) {
	for name, c := range map[string]struct {
		of   any
		all  []any
		want string
	}{
		"the same id":         {"d2", []any{device("d1", "PrimaryDevice"), device("d2")}, "d2"},
		"the primary one":     {"d3", []any{device("d1"), device("d2", "x", "PrimaryDevice")}, "d2"},
		"the main one":        {nil, []any{device("d1"), device("d2", "Main device")}, "d2"},
		"the first":           {nil, []any{device("d1"), device("d2")}, "d1"},
		"shells do not count": {nil, []any{device(nil, "PrimaryDevice"), device(""), device("d2")}, "d2"},
		"shells alone":        {nil, []any{device(nil, "Main device")}, ""},
		"none":                {"d1", nil, ""},
	} {
		file := object{"@odata.type": "#microsoft.graph.security.fileEvidence", "mdeDeviceId": c.of}
		a := read(t, append([]any{file}, c.all...)...)
		assert.Equal(t, c.want, a.DeviceOf(a.Evidence[0]).Text("mdeDeviceId"), name)
	}
}

func TestUserOf(t *testing.T) {
	user := func(name any) object {
		return object{"@odata.type": "#microsoft.graph.security.userEvidence", "userAccount": object{"accountName": name}}
	}
	process := func(name any) object {
		return object{"@odata.type": "#microsoft.graph.security.processEvidence", "userAccount": object{"accountName": name}}
	}
	for name, c := range map[string]struct {
		all  []any
		want string
	}{
		"its own":                             {[]any{process("SYSTEM"), user("liz")}, "SYSTEM"},
		"the first user":                      {[]any{process(nil), user(nil), user("liz"), user("jay")}, "liz"},
		"not that of another process":         {[]any{process(nil), process("SYSTEM")}, ""},
		"an account that is no object counts": {[]any{object{"userAccount": "liz"}, user("jay")}, "jay"},
	} {
		a := read(t, c.all...)
		assert.Equal(t, c.want, a.UserOf(a.Evidence[0]).Text("accountName"), name)
	}
}

func TestKinds(t *testing.T) {
	a := read(t, object{"@odata.type": "#microsoft.graph.security.processEvidence"}, object{"@odata.type": "ipEvidence"}, object{}, object{"@odata.type": int64(1)})
	assert.Equal(t, []Kind{Process, IP, "", "1"}, []Kind{a.Evidence[0].Kind, a.Evidence[1].Kind, a.Evidence[2].Kind, a.Evidence[3].Kind})
}

func TestTexts(t *testing.T) {
	a := read(t, object{"s": "x", "i": int64(1) << 53, "f": 1.5, "b": true, "o": object{"s": "y"}, "l": []any{"a", nil, "", int64(2)}, "n": nil})
	o := a.Evidence[0].Object
	for path, want := range map[string]string{"s": "x", "i": "9007199254740992", "f": "1.5", "b": "true", "o": "", "l": "", "n": "", "z": ""} {
		assert.Equal(t, want, o.Text(path), path)
	}
	assert.Equal(t, "y", o.Text("o", "s"))
	assert.Empty(t, o.Text("s", "s"))
	assert.Empty(t, o.Text())
	assert.Equal(t, []string{"a", "2"}, o.Texts("l"))
	assert.Empty(t, o.Texts("s"))
	assert.Empty(t, Object{}.Text("s"))
	assert.Empty(t, Object{}.Properties())
}
