package service

import (
	"encoding/gob"
	"fmt"
	"os"
)

// Recording is what a service has answered, by table.
type Recording struct {
	Tables []Table
}

// Table is the rows of one table.
type Table struct {
	// Name is as queries name the table.
	Name string
	// Directory is true where rows are the newest of each device or person.
	Directory bool
	// Schema is the list of columns, as JSON.
	Schema []byte
	// Now is the row that says the service's time, and Rows are all others, as JSON.
	Now  []byte
	Rows [][]byte
}

// Write writes the recording to a file.
func (r *Recording) Write(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("create the recording: %w", err)
	}
	defer file.Close()
	if err := gob.NewEncoder(file).Encode(r); err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	return file.Close()
}

// Read reads a recording from a file.
func Read(path string) (*Recording, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the recording: %w", err)
	}
	defer file.Close()
	r := new(Recording)
	if err := gob.NewDecoder(file).Decode(r); err != nil {
		return nil, fmt.Errorf("read the recording: %w", err)
	}
	return r, nil
}
