package tuid

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

const byteOrderMark = "\ufeff"

// readMapping reads lines of `user,tuid`, with or without that header, and returns tuids by user in
// lower case. One bad line fails the whole: the error names it and what is wrong with it.
func readMapping(r io.Reader) (map[string]string, error) {
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = 2
	lines.TrimLeadingSpace = true
	lines.ReuseRecord = true
	mapping := map[string]string{}
	for first := true; ; first = false {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return mapping, nil
		}
		if err != nil {
			return nil, fmt.Errorf("must hold lines of user,tuid: %w", err)
		}
		user, tuid := strings.ToLower(strings.TrimSpace(fields[0])), strings.TrimSpace(fields[1])
		line, _ := lines.FieldPos(0)
		if first {
			user = strings.TrimPrefix(user, byteOrderMark)
			if user == "user" && strings.EqualFold(tuid, "tuid") {
				continue
			}
		}
		if user == "" || tuid == "" {
			return nil, fmt.Errorf("line %d: user and tuid must both be there", line)
		}
		if before, ok := mapping[user]; ok && before != tuid {
			return nil, fmt.Errorf("line %d: the user has another tuid in an earlier line", line)
		}
		mapping[user] = tuid
	}
}
