package pipelinecheck

import "slices"

// rule looks for one construct.
type rule struct {
	name   string
	effect Effect
	// where gives the places in the configuration, as paths.
	where       func(f *flow) []string
	why, remedy string
}

// among are the components of a flow that a rule looks at.
type among func(f *flow) []*configured

func theSource(types ...string) among {
	return func(f *flow) []*configured { return only([]*configured{f.source}, types) }
}

func passing(types ...string) among {
	return func(f *flow) []*configured { return only(f.passed, types) }
}

// reaching are exporters; without types all that deliver.
func reaching(types ...string) among {
	return func(f *flow) []*configured {
		if len(types) > 0 {
			return only(f.reached, types)
		}
		return slices.DeleteFunc(slices.Clone(f.reached), func(c *configured) bool { return !c.judged || !c.delivers() })
	}
}

func cursorStorage(f *flow) []*configured { return only(f.cursorStorages(), []string{typeFileStorage}) }

// queueStorage are the file storages of the queues that report rows as accepted.
func queueStorage(f *flow) []*configured {
	var all []*configured
	for _, c := range f.reached {
		if c.queue() == persistent {
			all = addFound(all, f.of.extension(c, "sending_queue::storage"))
		}
	}
	return only(all, []string{typeFileStorage})
}

func only(all []*configured, types []string) []*configured {
	var found []*configured
	for _, c := range all {
		if c.is(types...) {
			found = append(found, c)
		}
	}
	return found
}

// at gives the places at which a setting of some components is wrong. An empty key is the component itself.
func (a among) at(key string, wrong func(c *configured, f *flow) bool) func(*flow) []string {
	return func(f *flow) []string {
		var places []string
		for _, c := range a(f) {
			if wrong(c, f) {
				places = append(places, joinKeys(c.path(), key))
			}
		}
		return places
	}
}

func always(*configured, *flow) bool { return true }

func is(key string) func(*configured, *flow) bool {
	return func(c *configured, _ *flow) bool { return c.truth(key) }
}

func isNot(key string) func(*configured, *flow) bool {
	return func(c *configured, _ *flow) bool { return !c.truth(key) }
}

func equals(key, value string) func(*configured, *flow) bool {
	return func(c *configured, _ *flow) bool { return c.text(key) == value }
}

func queuedIn(kind queue) func(*configured, *flow) bool {
	return func(c *configured, _ *flow) bool { return c.queue() == kind }
}

// both is true where all conditions are.
func both(conditions ...func(*configured, *flow) bool) func(*configured, *flow) bool {
	return func(c *configured, f *flow) bool {
		for _, condition := range conditions {
			if !condition(c, f) {
				return false
			}
		}
		return true
	}
}

// joinKeys leaves a parent as it is where there is no key.
func joinKeys(parent, key string) string {
	switch {
	case parent == "":
		return key
	case key == "":
		return parent
	}
	return parent + "::" + key
}
