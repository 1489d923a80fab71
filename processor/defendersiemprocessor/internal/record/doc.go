// Package record builds records of the former SIEM API of Microsoft Defender for Endpoint: 50 fields, all of them scalars.
package record
