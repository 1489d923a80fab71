package pipelinecheck

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

// decode gives settings without their secrets, and says why the collector would refuse them; there is no secret in what it
// says either.
func (r *reading) decode(raw *confmap.Conf, template any, create func() component.Config) (component.Config, []string) {
	places := r.secrets.find(raw.ToStringMap(), template, reflect.TypeOf(create()))
	without, err := masked(raw, places)
	if err != nil {
		return create(), []string{"it cannot be read; the reason is not shown, for it may quote a secret"}
	}
	cfg, refused := attempt(without, create)
	if refused == nil && len(places) == 0 {
		return cfg, nil
	}
	if len(places) > 0 {
		if _, unmasked := attempt(raw, create); unmasked == nil {
			return cfg, nil
		}
	}
	messages := sentences(refused)
	for i, p := range places {
		// With this secret alone in its place: is there more to complain of?
		with, err := masked(raw, slices.Delete(slices.Clone(places), i, i+1))
		if err != nil || p.value == nil {
			continue
		}
		if _, more := attempt(with, create); len(sentences(more)) > len(messages) {
			messages = append(messages, "the value of "+r.shownPath(p.path)+" is refused; the reason is not shown, for it may quote the secret")
		}
	}
	if len(messages) == 0 {
		messages = []string{"it is refused because of a secret in it; the reason is not shown, for it may quote the secret"}
	}
	return cfg, messages
}

func (r *reading) shownPath(path []string) string {
	var keys []string
	for _, key := range path {
		keys = append(keys, r.secrets.name(key))
	}
	return strings.Join(keys, "::")
}

// attempt decodes as the collector does. What cannot be decoded keeps its default.
func attempt(raw *confmap.Conf, create func() component.Config) (component.Config, error) {
	cfg := create()
	if err := raw.Unmarshal(cfg); err != nil {
		return cfg, err
	}
	return cfg, confmap.Validate(cfg)
}

const decoderHeading = "decoding failed due to the following error(s):"

// sentences are the single complaints of an error, without the decoder's headings.
func sentences(err error) []string {
	if err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) && len(joined.Unwrap()) > 1 && !strings.Contains(err.Error(), decoderHeading) {
		var all []string
		for _, one := range joined.Unwrap() {
			for _, sentence := range sentences(one) {
				if !slices.Contains(all, sentence) {
					all = append(all, sentence)
				}
			}
		}
		return all
	}
	var all []string
	within := "" // which setting the next lines are about
	for line := range strings.SplitSeq(strings.ReplaceAll(err.Error(), decoderHeading, ":\n"), "\n") {
		line = strings.Trim(strings.Join(strings.Fields(line), " "), "* ")
		switch {
		case line == "" || line == "'' :" || line == ":":
		case strings.HasSuffix(line, ":"):
			within = strings.TrimRight(line, ": ") + ": "
		default:
			if line = within + line; !slices.Contains(all, line) {
				all = append(all, line)
			}
		}
	}
	return all
}
