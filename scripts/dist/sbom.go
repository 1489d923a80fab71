package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/uuid"
)

const repository = "github.com/otelcol-defender/otelcol-defender"

// writeSBOM writes the list of modules as a CycloneDX document.
func writeSBOM(path string, r release, modules []module) error {
	out, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("create the list of components: %w", err)
	}
	if err := cdx.NewBOMEncoder(out, cdx.BOMFileFormatJSON).SetPretty(true).Encode(sbom(r, modules)); err != nil {
		_ = out.Close()
		return fmt.Errorf("write the list of components: %w", err)
	}
	return out.Close()
}

func sbom(r release, modules []module) *cdx.BOM {
	own := "pkg:golang/" + repository + "@v" + r.version
	components := make([]cdx.Component, 0, len(modules))
	needed := make([]string, 0, len(modules))
	seed := sha256.New()
	for _, m := range modules {
		components = append(components, m.component())
		needed = append(needed, m.purl())
		_, _ = fmt.Fprintln(seed, m.path, m.version, m.sum)
	}
	_, _ = fmt.Fprintln(seed, own, r.commit)
	bom := cdx.NewBOM()
	// The serial number depends on the content only.
	bom.SerialNumber = uuid.NewHash(sha256.New(), uuid.NameSpaceURL, seed.Sum(nil), 5).URN()
	bom.Metadata = &cdx.Metadata{
		Timestamp: r.time.Format(time.RFC3339),
		Component: &cdx.Component{
			BOMRef: own, Type: cdx.ComponentTypeApplication, Name: product, Version: r.version, PackageURL: own,
			Licenses:   &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}},
			Properties: &[]cdx.Property{{Name: "otelcol-defender:commit", Value: r.commit}},
		},
	}
	bom.Components = &components
	bom.Dependencies = &[]cdx.Dependency{{Ref: own, Dependencies: &needed}}
	return bom
}

// purl is the name of the module among all packages. The standard library's is the one that vulnerability scanners know.
func (m module) purl() string {
	return "pkg:golang/" + m.path + "@" + strings.TrimPrefix(m.version, "go")
}

func (m module) component() cdx.Component {
	licences := make(cdx.Licenses, 0, len(m.licences))
	for _, id := range m.licences {
		licences = append(licences, cdx.LicenseChoice{License: &cdx.License{ID: id}})
	}
	c := cdx.Component{
		BOMRef: m.purl(), Type: cdx.ComponentTypeLibrary, Name: m.path, Version: m.version, PackageURL: m.purl(), Licenses: &licences,
	}
	// The sum of go.sum is a hash over the module's files.
	if sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.sum, "h1:")); err == nil && len(sum) == sha256.Size {
		c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum)}}
	}
	return c
}
