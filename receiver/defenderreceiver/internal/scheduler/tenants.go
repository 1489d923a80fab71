package scheduler

import "sync"

// tenants are those of this process. The lock comes before a tenant's own.
var tenants = struct {
	sync.Mutex
	byName map[string]*tenant
}{byName: map[string]*tenant{}}

// enter adds a receiver to the tenant of a name, which it makes if it is the first; one without a name is not shared. It
// also returns the receivers of the tenant that have other limits.
func enter(name string, m *member) (t *tenant, differ []string) {
	tenants.Lock()
	defer tenants.Unlock()
	if t = tenants.byName[name]; t == nil || name == "" {
		t = newTenant(m.limits)
		tenants.byName[name] = t
	}
	return t, t.enter(m)
}

// leave takes a receiver out of its tenant.
func leave(name string, t *tenant, m *member) {
	tenants.Lock()
	defer tenants.Unlock()
	if t.leave(m) && tenants.byName[name] == t {
		delete(tenants.byName, name)
	}
}
