package journal

import (
	"errors"
	"fmt"
)

// version of the stored forms. A later form is read beside this one, not instead of it.
const version = 1

// errVersion is that of a value that a later release wrote. It is not overwritten.
var errVersion = errors.New("the journal is of another release")

func checkVersion(v int) error {
	if v <= version {
		return nil
	}
	return fmt.Errorf("%w: its version is %d, and this release reads version %d", errVersion, v, version)
}
