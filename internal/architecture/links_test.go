package architecture

import (
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every relative link of a document leads to a file, and to a heading of it where it names one.
func TestLinksLeadSomewhere(t *testing.T) {
	pages := documents(t)
	require.Contains(t, pages, "README.md")
	require.Contains(t, pages, "docs/architecture.md")
	for name, text := range pages {
		for _, link := range linksOf(text) {
			if reason := broken(pages, name, link); reason != "" {
				t.Errorf("%s links to %s: %s", name, link, reason)
			}
		}
	}
}

// Every page of docs is reached from the index of docs.
func TestIndexKnowsEveryPage(t *testing.T) {
	pages, linked := documents(t), map[string]bool{}
	for _, link := range linksOf(pages["docs/README.md"]) {
		file, _, _ := strings.Cut(link, "#")
		linked[path.Join("docs", file)] = true
	}
	for name := range pages {
		if path.Dir(name) == "docs" && name != "docs/README.md" {
			assert.True(t, linked[name], "docs/README.md does not link to %s", name)
		}
	}
}

func TestAnchors(t *testing.T) {
	for heading, anchor := range map[string]string{
		"The way of a row":                           "the-way-of-a-row",
		"`429`: what to do?":                         "429-what-to-do",
		"A *word*, and [a link](x.md)":               "a-word-and-a-link",
		"status, pause, resume":                      "status-pause-resume",
		"rows_refused and dead_letter::directory":    "rows_refused-and-dead_letterdirectory",
		"Microsoft's own \u2013 what then":           "microsofts-own--what-then",
		"Überlauf":                                   "überlauf",
		"**Bold** <a id=\"x\"></a>":                  "bold-",
		"a/b & c":                                    "ab--c",
		"Where `x` stands, `y` does not (see below)": "where-x-stands-y-does-not-see-below",
	} {
		assert.Equal(t, anchor, anchorOf(heading), heading)
	}
	anchors := anchorsOf("# A\n## B\n```\n# no heading\n```\n## B\n<a id=\"own\"></a>\n")
	assert.Equal(t, map[string]bool{"a": true, "b": true, "b-1": true, "own": true}, anchors)
	assert.Equal(t, []string{"x.md#y", "a.png", "up.md", "z.md"},
		linksOf("[a](x.md#y) ![b](a.png \"title\") `[c](no.md)`\n```\n[d](no.md)\n```\n[e]\n\n[e]: z.md\n[![f](https://x.example/f)](up.md)\n"))
}

// broken says why a link leads nowhere; "": it leads somewhere, or to another site.
func broken(pages map[string]string, from, link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return err.Error()
	}
	if u.IsAbs() {
		return ""
	}
	to := from
	if u.Path != "" {
		to = path.Join(path.Dir(from), u.Path)
	}
	if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(to))); err != nil {
		return "there is no " + to
	}
	if u.Fragment == "" {
		return ""
	}
	if text, ok := pages[to]; ok && !anchorsOf(text)[u.Fragment] {
		return fmt.Sprintf("%s has no heading #%s; it has %v", to, u.Fragment, sortedKeys(anchorsOf(text)))
	}
	return ""
}

// documents are the texts of all documents, by their path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skipped(entry.Name())
		case filepath.Ext(file) != ".md":
			return nil
		}
		content, err := os.ReadFile(file)
		pages[relative(t, file)] = string(content)
		return err
	}))
	return pages
}

var (
	fence     = regexp.MustCompile("(?ms)^ *(```|~~~).*?^ *(```|~~~) *$")
	span      = regexp.MustCompile("`[^`\n]+`")
	inline    = regexp.MustCompile(`\]\(<?([^)\s<>]+)>?(?: "[^"]*")?\)`)
	reference = regexp.MustCompile(`(?m)^\[[^\]]+\]: <?([^\s<>]+)`)
	headline  = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *#*$`)
	ownAnchor = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)
	linkText  = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	tag       = regexp.MustCompile(`<[^>]*>`)
)

// linksOf are the targets of all links and pictures, but for those in code. Targets on other sites that stand inside a
// picture are left out.
func linksOf(text string) []string {
	text = span.ReplaceAllString(fence.ReplaceAllString(text, ""), "")
	var links []string
	for _, pattern := range []*regexp.Regexp{inline, reference} {
		for _, match := range pattern.FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(match[1], "https://") {
				links = append(links, match[1])
			}
		}
	}
	return links
}

// anchorsOf are what a link to a heading can name, as GitHub makes them.
func anchorsOf(text string) map[string]bool {
	anchors, count := map[string]bool{}, map[string]int{}
	text = fence.ReplaceAllString(text, "")
	for _, match := range headline.FindAllStringSubmatch(text, -1) {
		anchor := anchorOf(match[1])
		if n := count[anchor]; n > 0 {
			anchors[fmt.Sprintf("%s-%d", anchor, n)] = true
		} else {
			anchors[anchor] = true
		}
		count[anchor]++
	}
	for _, match := range ownAnchor.FindAllStringSubmatch(text, -1) {
		anchors[match[1]] = true
	}
	return anchors
}

func anchorOf(heading string) string {
	heading = tag.ReplaceAllString(linkText.ReplaceAllString(heading, "$1"), "")
	return strings.Map(func(c rune) rune {
		switch {
		case c == ' ':
			return '-'
		case unicode.IsLetter(c), unicode.IsDigit(c), c == '-', c == '_':
			return unicode.ToLower(c)
		default:
			return -1
		}
	}, heading)
}

func sortedKeys(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }

// The picture for users is the one for maintainers.
func TestTwoPagesHaveOnePicture(t *testing.T) {
	pages := documents(t)
	drawing := regexp.MustCompile("(?s)```mermaid.*?```").FindString(pages["docs/architecture.md"])
	require.NotEmpty(t, drawing)
	assert.Contains(t, pages["docs/how-it-works.md"], drawing, "copy it from docs/architecture.md")
}
