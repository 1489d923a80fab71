package main

import (
	"bytes"
	"fmt"
	"strings"
)

// notices are the licences of the modules as a text: each different one once, with the modules that have it.
func notices(modules []module) []byte {
	users := map[string][]string{}
	var order []string
	for _, m := range modules {
		text := strings.Join(m.texts, "\n\n")
		if users[text] == nil {
			order = append(order, text)
		}
		users[text] = append(users[text], fmt.Sprintf("%s %s (%s)", m.path, m.version, strings.Join(m.licences, ", ")))
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "The programs of %s contain these modules. Their licences follow; \"std\" is Go's standard library.\n", product)
	for _, text := range order {
		fmt.Fprintf(&out, "\n%[1]s\n%[2]s\n%[1]s\n\n%[3]s\n", strings.Repeat("=", 80), strings.Join(users[text], "\n"), text)
	}
	return out.Bytes()
}
