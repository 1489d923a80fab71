package main

import (
	"bytes"
	"encoding/pem"
	"fmt"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// certificates are the roots of Mozilla's list as a PEM file. They come from a module that go.mod pins, so that the image does
// not depend on the machine which builds it. A root that Mozilla trusts in part only is left out: a file cannot say so.
func certificates() ([]byte, error) {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		if err := pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, fmt.Errorf("write the certificates of the image: %w", err)
		}
	}
	return out.Bytes(), nil
}
