package defendersim

import (
	"errors"
	"fmt"
	"os"
)

// state is the directory that holds the CA.
type state struct {
	dir  string
	owns bool // dir is temporary
	ca   *certificateAuthority
}

// openState takes the CA of an earlier start, or makes one; without a directory in a temporary one.
func openState(dir string) (*state, error) {
	s := &state{dir: dir}
	if dir == "" {
		var err error
		if s.dir, err = os.MkdirTemp("", "defendersim-"); err != nil {
			return nil, fmt.Errorf("create a directory for the CA: %w", err)
		}
		s.owns = true
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the state directory: %w", err)
	}
	ca, err := loadCertificateAuthority(s.dir)
	if err != nil {
		return nil, errors.Join(err, s.remove())
	}
	s.ca = ca
	return s, nil
}

// remove deletes a temporary directory.
func (s *state) remove() error {
	if !s.owns {
		return nil
	}
	if err := os.RemoveAll(s.dir); err != nil {
		return fmt.Errorf("remove the CA's temporary directory: %w", err)
	}
	return nil
}
