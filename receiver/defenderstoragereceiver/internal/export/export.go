// Package export knows how Defender's export names things in a storage account: a container for each table, and in it a
// blob for each hour, such as tenantId=<tenant>/y=2026/m=11/d=21/h=10/m=00/PT1H.json. Other names are taken, too: the order
// of blobs is all that follows from a name.
package export

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-defender/otelcol-defender/internal/tables"
)

// Prefix begins the names of the export's containers.
const Prefix = "insights-logs-advancedhunting-"

// Blob is what a list, or the answer to a read, says of a blob.
type Blob struct {
	Name string
	Size int64
	// Created tells a blob from another one that stood at its place before.
	Created string
	// ETag changes whenever the blob does. It is without quotes.
	ETag     string
	Modified time.Time
}

// Container is that of a table.
func Container(table string) string { return Prefix + strings.ToLower(table) }

// Table is the table of a container, in the service's spelling where the table is known.
func Table(container string) string {
	name := strings.TrimPrefix(container, Prefix)
	known := tables.Schemas()
	if i := slices.IndexFunc(known, func(s *tables.Schema) bool { return strings.EqualFold(s.Name, name) }); i >= 0 {
		return known[i].Name
	}
	return name
}

var hourly = regexp.MustCompile(`^(.*?)y=(\d{4})/m=(\d{2})/d=(\d{2})/h=(\d{2})/`)

// Hour is the hour that a blob's name says, and what stands before it; false: it says none.
func Hour(name string) (base string, hour time.Time, ok bool) {
	match := hourly.FindStringSubmatch(name)
	if match == nil {
		return "", time.Time{}, false
	}
	var parts [4]int
	for i := range parts {
		parts[i], _ = strconv.Atoi(match[i+2]) // they are digits
	}
	return match[1], time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], 0, 0, 0, time.UTC), true
}

// Name is that of an hour's blob.
func Name(base string, hour time.Time) string {
	return fmt.Sprintf("%sy=%04d/m=%02d/d=%02d/h=%02d/m=00/PT1H.json", base, hour.Year(), hour.Month(), hour.Day(), hour.Hour())
}

// Day is what the names of a day's blobs begin with. Blobs whose names say no hour are of one day, which has no name.
func Day(name string) string {
	base, hour, ok := Hour(name)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%sy=%04d/m=%02d/d=%02d/", base, hour.Year(), hour.Month(), hour.Day())
}

const tenantPart = "tenantId="

// Tenant is the tenant that a blob's name says; empty: it says none.
func Tenant(name string) string {
	part, _, _ := strings.Cut(name, "/")
	if len(part) < len(tenantPart) || !strings.EqualFold(part[:len(tenantPart)], tenantPart) {
		return ""
	}
	return part[len(tenantPart):]
}

// TenantPrefix is what the names of a tenant's blobs begin with.
func TenantPrefix(tenant string) string { return tenantPart + tenant + "/" }
