package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// Control sequences of terminals (ECMA-48).
const (
	lineUp   = "\x1b[%dF" // to the beginning of the line that many lines up
	clearEnd = "\x1b[J"   // from the cursor to the end of the screen
	bold     = "\x1b[1m"
	plain    = "\x1b[0m"
)

// screen draws the progress in place, as a table that is renewed.
type screen struct {
	out    io.Writer
	size   func() (width, height int)
	colour bool
	drawn  int // lines of the last drawing, which the next one replaces
}

// newScreen returns the screen that file is, or nil if it is none.
func newScreen(file *os.File) *screen {
	fd := int(file.Fd())
	if !term.IsTerminal(fd) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return &screen{out: file, colour: os.Getenv("NO_COLOR") == "", size: func() (int, int) {
		width, height, err := term.GetSize(fd)
		if err != nil {
			return 80, 24
		}
		return width, height
	}}
}

// progress draws the table anew.
func (s *screen) progress(now progress) {
	width, height := s.size()
	lines := s.lines(now)
	// What scrolls away could not be drawn over.
	lines = lines[:min(len(lines), max(height-1, 1))]
	var text bytes.Buffer
	if s.drawn > 0 {
		fmt.Fprintf(&text, lineUp, s.drawn)
	}
	text.WriteString(clearEnd)
	for i, line := range lines {
		line = clip(line, width)
		if i == 0 && s.colour {
			line = bold + line + plain
		}
		text.WriteString(line + "\n")
	}
	s.drawn = len(lines)
	_, _ = s.out.Write(text.Bytes())
}

func (s *screen) lines(now progress) []string {
	lines := []string{
		fmt.Sprintf("  %s  %d TOTAL events of %d people", now.elapsed.Truncate(time.Second), now.events.total, len(now.events.people)),
		"  " + byType(now.events), "",
	}
	if len(now.tables) == 0 {
		return append(lines, "  The collector is starting ...")
	}
	for _, line := range table(now.tables) {
		lines = append(lines, "  "+line)
	}
	lines = append(lines, "")
	return append(lines, strings.Split(explanation, "\n")...)
}

// clip keeps a line from being wrapped, which would make it two.
func clip(line string, width int) string {
	runes := []rune(line)
	return string(runes[:min(len(runes), max(width, 0))])
}
