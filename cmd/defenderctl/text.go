package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/otelcol-defender/otelcol-defender/internal/pipelinecheck"
)

// printText writes what a person reads: the worst first, a summary at the end.
func printText(out io.Writer, result checkResult) error {
	report := result.Pipelines
	var b strings.Builder
	if report.NoSource == "" {
		fmt.Fprintf(&b, "rows of %s\n", strings.Join(report.Sources, ", "))
	} else {
		fmt.Fprintf(&b, "%s\n", report.NoSource)
	}
	for _, f := range report.Findings {
		fmt.Fprintf(&b, "\n%-7s %s\n", f.Severity, f.Path)
		if len(f.Sources) < len(report.Sources) {
			fmt.Fprintf(&b, "        of:        %s\n", strings.Join(f.Sources, ", "))
		}
		fmt.Fprintf(&b, "        %-10s %s\n        %-10s %s\n", label(f), f.Why, "remedy:", f.Remedy)
	}
	writeRemarks(&b, "the collector would refuse", report.Invalid)
	writeRemarks(&b, "not judged", report.NotJudged)
	writeRemarks(&b, "not set", report.Unset)
	fmt.Fprintf(&b, "\n%s\n", summary(report))
	_, err := io.WriteString(out, b.String())
	return err
}

func label(f pipelinecheck.Finding) string {
	if f.Effect == pipelinecheck.Notes {
		return "note:"
	}
	return string(f.Effect) + ":"
}

func writeRemarks(b *strings.Builder, title string, remarks []pipelinecheck.Remark) {
	if len(remarks) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", title)
	for _, remark := range remarks {
		fmt.Fprintf(b, "        %s: %s\n", remark.Path, remark.Message)
	}
}

// summary says what the exit status is, and why.
func summary(report *pipelinecheck.Report) string {
	ways := "no way to lose rows was found"
	switch report.Verdict() {
	case pipelinecheck.Lossy:
		ways = fmt.Sprintf("ways to lose rows: %d", report.Count(pipelinecheck.Error))
	case pipelinecheck.Unjudged:
		ways = "it cannot be judged whether rows can be lost"
	case pipelinecheck.Clean:
	}
	text := fmt.Sprintf("%s; warnings: %d; notes: %d", ways, report.Count(pipelinecheck.Warning), report.Count(pipelinecheck.Info))
	counts := new(strings.Builder)
	for _, reason := range []struct {
		what  string
		count int
	}{
		{"the collector would refuse this configuration", len(report.Invalid)},
		{"components without rules", len(report.NotJudged)},
		{"variables that are not set", len(report.Unset)},
	} {
		if reason.count > 0 {
			fmt.Fprintf(counts, "; %s: %d", reason.what, reason.count)
		}
	}
	text += counts.String()
	if report.NoSource != "" {
		text += "; there are no rows to follow"
	}
	return text
}

// checkResult is the output as JSON. Each examination has its own key.
type checkResult struct {
	Pipelines *pipelinecheck.Report `json:"pipelines"`
}
