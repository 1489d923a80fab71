package actor

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSaysOutAlone(t *testing.T) {
	for text, want := range map[string]bool{
		`{"direction":"Out","x":1}`:                                true,
		`{"x":{"direction":"Out"},"direction":"Out"}`:              true,
		`{"direction":"In"}`:                                       false,
		`{"direction":"Out","x":{"direction":"In"}}`:               false,
		`{"Direction":"Out"}`:                                      false,
		`{"direction": "Out"}`:                                     false,
		`{"direction":"Outbound"}`:                                 false,
		`{"redirection":"Out","direction":"Out","direction":"In"}`: false,
		`{"note":"irection"}`:                                      false,
	} {
		assert.Equal(t, want, saysOutAlone(text), text)
	}
}
