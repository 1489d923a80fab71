package architecture

import (
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Where users meet messages: what these folders say has an entry in docs/troubleshooting.md.
var speaking = []string{"receiver", "processor", "extension", "connector", "cmd/defenderctl", "internal"}

// silent are folders below them whose messages no user of the collector meets.
var silent = []string{
	"internal/architecture", "internal/browser", "internal/distribution", "internal/e2e", "internal/emulator",
	"internal/storagetest", "internal/testbed",
}

// advising are packages that put advice together out of many strings: each text of theirs counts, not only what stands
// in a call that makes an error.
var advising = []string{
	"internal/diagnosis/step", "internal/entra", "internal/hunting", "internal/refusal", "internal/settings",
	"receiver/defenderreceiver/internal/audit", "receiver/defenderreceiver/internal/checkup", "receiver/defenderreceiver/internal/failure",
	"receiver/defenderstoragereceiver/internal/account", "receiver/defenderstoragereceiver/internal/checkup",
}

const troubleshooting = "docs/troubleshooting.md"

// How many words make a message. A shorter text of a call is a key, which says what another message is about. A shorter text of
// an advising package is a part of a sentence.
const (
	fewestWords       = 3
	fewestWordsAdvice = 4
)

// messages are the texts that users can meet, each with the place in the source where it stands.
type messages map[string]string

// sort writes new messages into the document and takes out those that nobody says any more. It puts a message where most of its
// neighbours in the source stand: read the diff, and move what another remedy helps.
var sort = flag.Bool("sort", false, "sort messages into "+troubleshooting)

// Every error text, log line of level warn or error, advice and reason of a pause has an entry in the document, and
// the document lists no text that nobody says.
func TestEveryMessageHasAnEntry(t *testing.T) {
	said := sourceMessages(t)
	require.Greater(t, len(said), 300)
	listed := listedMessages(t)
	if *sort {
		said.sortIn(t, listed)
		listed = listedMessages(t)
	}
	for _, text := range said.texts() {
		if _, ok := listed[text]; !ok {
			t.Errorf("%s has no entry in %s. Put the line below into the block of the entry whose remedy helps (its neighbours "+
				"stand in %q; with -sort this test puts it there), or write a new entry:\n%s",
				said[text], troubleshooting, said.neighbour(text, listed), text)
		}
	}
	for text, entry := range listed {
		if _, ok := said[text]; !ok {
			t.Errorf("%s, %q: no package says this any more; take the line out, or write the new words:\n%s", troubleshooting, entry, text)
		}
	}
}

// Each of Entra ID's codes that the collector knows stands in the document.
func TestEveryCodeHasAnEntry(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(root, "internal", "entra", "classify.go"))
	require.NoError(t, err)
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(troubleshooting)))
	require.NoError(t, err)
	codes := regexp.MustCompile(`(?m)^\s(?:codeExpired\s+= )?(\d{5,7})(?::|$)|codeExpired = (\d+)`).FindAllStringSubmatch(string(source), -1)
	require.Greater(t, len(codes), 30)
	for _, match := range codes {
		code := match[1] + match[2]
		found := regexp.MustCompile(`\b(?:AADSTS)?` + code + `\b`).Match(content)
		assert.True(t, found, "AADSTS%s has no entry in %s: name it in the entry whose remedy helps", code, troubleshooting)
	}
}

// What the test above reads of a file: whoever makes messages in another way adds it here.
func TestMessagesOfAFile(t *testing.T) {
	const source = `package source

import "errors"

type Reason string

const (
	None Reason = ""
	ReasonPlan Reason = "not_in_plan"
	reasonNobody = "nobody_logged_on"
	label = "no word of this is shown"
)

var errFull = errors.New("the disk of the cursors " +
	"is full")

type broken struct{ why string }

func (b broken) Error() string { return "the answer is broken: " + b.why }

func do(l *zap.Logger, table string, err error) error {
	l.Info("This line needs no remedy.")
	logger.Error("The table waits for 100%% of it.", zap.Error(err))
	text := "A poll has failed."
	if table == "" {
		text = "A poll has failed for good."
	}
	logger.Log(zap.WarnLevel, text)
	logger.Check(zap.DebugLevel, "nobody sees this line")
	logger.Warn(ends(table))
	return fmt.Errorf("read the table %s of %q, at %d: %w", table, table, 3, err)
}

func ends(table string) string { return fmt.Sprintf("the secret of %s ends", table) }

func wrap(key string, err error) error {
	return errors.Join(fmt.Errorf("'%s': %w", key, err), settings.Problemf(key, "is %s: it must be more", key))
}
`
	all := messages{}
	require.NoError(t, all.read("receiver/x/source.go", []byte(source)))
	assert.ElementsMatch(t, []string{
		"reason: not_in_plan", "reason: nobody_logged_on", "the disk of the cursors is full", "the answer is broken",
		"The table waits for 100% of it.", "A poll has failed.", "A poll has failed for good.", "the secret of … ends",
		"read the table … of …, at", "is …: it must be more",
	}, all.texts())
	assert.Equal(t, "receiver/x/source.go:14", all["the disk of the cursors is full"])

	err := messages{}.read("receiver/x/source.go", []byte("package source\n\nvar errOther = errors.New(other.Text)\n"))
	require.ErrorContains(t, err, "receiver/x/source.go:3: the text of this call cannot be followed")

	advice := messages{}
	require.NoError(t, advice.read("internal/refusal/x.go", []byte(`package refusal

type rule struct {
	why string "this tag is no message of ours"
}

var rules = []rule{{why: "what a rule is for is no message"}}

func advice(host string) string { return "let this machine reach " + host }
`)))
	assert.Equal(t, []string{"let this machine reach"}, advice.texts())
}

func (m messages) texts() []string {
	var all []string
	for text := range m {
		all = append(all, text)
	}
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(m[a]+a, m[b]+b) })
	return all
}

// neighbour is the entry that has most of the texts of the same file, else of the same folder or the nearest one above it; "":
// none has one.
func (m messages) neighbour(text string, listed map[string]string) string {
	file, _, _ := strings.Cut(m[text], ":")
	if entry := m.mostOf(file+":", listed); entry != "" {
		return entry
	}
	for folder := dirOf(file); folder != "."; folder = dirOf(folder) {
		if entry := m.mostOf(folder+"/", listed); entry != "" {
			return entry
		}
	}
	return ""
}

// mostOf is the entry that has most of the texts whose place begins with the prefix.
func (m messages) mostOf(prefix string, listed map[string]string) string {
	count, best := map[string]int{}, ""
	for _, text := range m.texts() {
		entry := listed[text]
		if entry == "" || !strings.HasPrefix(m[text], prefix) {
			continue
		}
		if count[entry]++; best == "" || count[entry] > count[best] {
			best = entry
		}
	}
	return best
}

// sortIn writes the document anew.
func (m messages) sortIn(t *testing.T, listed map[string]string) {
	t.Helper()
	file := filepath.Join(root, filepath.FromSlash(troubleshooting))
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	blocks := map[string][]string{}
	for text, entry := range listed {
		if _, ok := m[text]; ok {
			blocks[entry] = append(blocks[entry], text)
		}
	}
	for _, text := range m.texts() {
		if entry := m.neighbour(text, listed); listed[text] == "" && entry != "" {
			blocks[entry] = append(blocks[entry], text)
			t.Logf("%s: into %q, as its neighbours: %s", m[text], entry, text)
		}
	}
	var out []string
	heading, inside := "", false
	for line := range strings.SplitSeq(string(content), "\n") {
		switch {
		case line == "```text":
			inside = true
			slices.SortFunc(blocks[heading], func(a, b string) int { return strings.Compare(strings.ToLower(a)+a, strings.ToLower(b)+b) })
			out = append(append(out, line), blocks[heading]...)
			continue
		case strings.HasPrefix(line, "```"):
			inside = false
		case strings.HasPrefix(line, "### "):
			heading = strings.TrimPrefix(line, "### ")
		}
		if !inside {
			out = append(out, line)
		}
	}
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(out, "\n")), 0o600))
}

// listedMessages are the lines of the blocks of the document, each with the heading of its entry. An entry says something
// before its block.
func listedMessages(t *testing.T) map[string]string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(troubleshooting)))
	require.NoError(t, err)
	listed, heading, prose, inside := map[string]string{}, "", 0, false
	for line := range strings.SplitSeq(string(content), "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			if inside = line == "```text"; inside {
				assert.Positive(t, prose, "%s, %q: say what it means and what to do before the texts", troubleshooting, heading)
			}
		case inside:
			assert.NotContains(t, listed, line, "%s lists a text twice", troubleshooting)
			listed[line] = heading
		case strings.HasPrefix(line, "### "):
			heading, prose = strings.TrimPrefix(line, "### "), 0
		case line != "":
			prose++
		}
	}
	return listed
}

// sourceMessages reads the source.
func sourceMessages(t *testing.T) messages {
	t.Helper()
	for _, folder := range advising {
		require.DirExists(t, filepath.Join(root, filepath.FromSlash(folder)), "advising names it")
	}
	all := messages{}
	for _, top := range speaking {
		folder := filepath.Join(root, filepath.FromSlash(top))
		if _, err := os.Stat(folder); os.IsNotExist(err) {
			continue // nobody has made it yet
		}
		require.NoError(t, filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name := relative(t, file)
			switch {
			case entry.IsDir() && (slices.Contains(silent, name) || skipped(entry.Name()) != nil):
				return filepath.SkipDir
			case entry.IsDir(), !strings.HasSuffix(name, ".go"), strings.HasSuffix(name, "_test.go"), strings.Contains(filepath.Base(name), "generated"):
				return nil
			}
			content, err := os.ReadFile(file)
			if err == nil {
				assert.NoError(t, all.read(name, content))
			}
			return err
		}))
	}
	return all
}

func relative(t *testing.T, file string) string {
	t.Helper()
	name, err := filepath.Rel(root, file)
	require.NoError(t, err)
	return filepath.ToSlash(name)
}

// read adds the messages of one file.
func (m messages) read(name string, content []byte) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, content, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	r := reader{messages: m, name: name, files: files, texts: textsOf(file)}
	r.reasons(file)
	advises := slices.Contains(advising, dirOf(name))
	if advises {
		r.prose(file)
	}
	for _, text := range r.texts["Error()"] {
		r.message(text, 0)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && !r.call(call) && !advises {
			err = errors.Join(err, fmt.Errorf("%s: the text of this call cannot be followed: write it as a literal in the call or in this file, "+
				"or name the package in 'advising'", r.place(call)))
		}
		return true
	})
	return err
}

func dirOf(name string) string { return filepath.ToSlash(filepath.Dir(name)) }

type reader struct {
	messages
	name  string
	files *token.FileSet
	texts map[string][]ast.Expr // what names of the file hold
}

// position of the text that is the message: in most calls the first one.
var position = map[string]int{
	"errors.New": 0, "fmt.Errorf": 0,
	"settings.Problemf": 1, "settings.Missingf": 1, "Problemf": 1, "Missingf": 1,
}

// relayed are texts that somebody else has said: by file, what holds them.
var relayed = map[string]string{
	"cmd/defenderctl/client.go":            "said.Error", // the control extension, whose texts are read where they are written
	"internal/pipelinecheck/unreadable.go": "fmt.Sprint", // the Collector's decoder
}

// levels of a logger that are read, and where the text stands. An operator looks for no remedy of Info.
var levels = map[string]int{"Warn": 0, "Error": 0, "DPanic": 0, "Panic": 0, "Fatal": 0, "Log": 1, "Check": 1}

// call adds the message that a call makes. It reports false if there must be one that cannot be followed.
func (r *reader) call(call *ast.CallExpr) bool {
	at, ok := position[nameOf(call.Fun)]
	if selector, isMethod := call.Fun.(*ast.SelectorExpr); isMethod && !ok {
		at, ok = levels[selector.Sel.Name]
		ok = ok && strings.HasSuffix(strings.ToLower(nameOf(selector.X)), "logger")
	}
	if !ok || at >= len(call.Args) || nameOf(call.Args[0]) == "zap.DebugLevel" {
		return true
	}
	if relays(call.Args[at], relayed[r.name]) {
		return true
	}
	return r.message(call.Args[at], 0)
}

// relays reports whether an expression is what holds a text of somebody else.
func relays(e ast.Expr, holder string) bool {
	if call, ok := e.(*ast.CallExpr); ok {
		e = call.Fun
	}
	return holder != "" && nameOf(e) == holder
}

// message adds the texts that the expression can be, and reports whether there are some. A name stands for all that the
// file gives it, a function of the file for what it returns.
func (r *reader) message(e ast.Expr, depth int) bool {
	const deepest = 3
	if text, ok := textOf(e); ok {
		r.add(text, e)
		return true
	}
	if depth == deepest {
		return false
	}
	found := false
	switch e := e.(type) {
	case *ast.Ident:
		for _, given := range r.texts[e.Name] {
			found = r.message(given, depth+1) || found
		}
	case *ast.CallExpr:
		if nameOf(e.Fun) == "fmt.Sprintf" {
			return r.message(e.Args[0], depth)
		}
		for _, returned := range r.texts[path.Base(strings.ReplaceAll(nameOf(e.Fun), ".", "/"))+"()"] {
			found = r.message(returned, depth+1) || found
		}
	case *ast.BinaryExpr:
		x, y := r.message(e.X, depth), r.message(e.Y, depth)
		return x || y
	}
	return found
}

// states are the types of the words that status and metrics show of a table, and a name for each.
var states = map[string]string{"Reason": "reason", "State": "state"}

// reasons adds these words, and the reasons why the processor drops a row.
func (r *reader) reasons(file *ast.File) {
	for _, declared := range file.Decls {
		group, ok := declared.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok {
				continue
			}
			of := states[nameOf(value.Type)]
			if strings.HasPrefix(value.Names[0].Name, "reason") {
				of = "reason"
			}
			for _, e := range value.Values {
				if text, ok := textOf(e); ok && text != "" && of != "" {
					r.messages[of+": "+text] = r.place(e)
				}
			}
		}
	}
}

// unheard are functions whose texts no user needs help with.
var unheard = []string{"Info", "Debug", "MustCompile"}

// prose adds all texts of the file that have some words. Struct tags are none, nor what
// a rule is for, which stands in its field "why".
func (r *reader) prose(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			n.Tag = nil
		case *ast.ImportSpec:
			return false
		case *ast.CallExpr:
			selector, ok := n.Fun.(*ast.SelectorExpr)
			return !ok || !slices.Contains(unheard, selector.Sel.Name)
		case *ast.KeyValueExpr:
			return nameOf(n.Key) != "why"
		case *ast.BinaryExpr, *ast.BasicLit:
			text, ok := textOf(n.(ast.Expr))
			if ok && len(word.FindAllString(text, -1)) >= fewestWordsAdvice {
				r.add(text, n)
			}
			return !ok
		}
		return true
	})
}

func (r *reader) add(text string, at ast.Node) {
	if text = template(text); text != "" {
		r.messages[text] = r.place(at)
	}
}

func (r *reader) place(n ast.Node) string {
	return fmt.Sprintf("%s:%d", r.name, r.files.Position(n.Pos()).Line)
}

var (
	verb = regexp.MustCompile(`%[-+# 0-9.*\[\]]*[a-zA-Z]`)
	ends = regexp.MustCompile(`^(?:'…' ?|… ?|[:;,.()] ?| )+|(?:[:;,( ]|'…'|\(?…\)?)+$`)
	word = regexp.MustCompile(`\S*\pL\S*`)
)

// template is a message as the document lists it: each value is an ellipsis, and those at the ends are left out. It is
// empty where too few words remain.
func template(text string) string {
	const percent = "\x00"
	text = strings.ReplaceAll(verb.ReplaceAllString(strings.ReplaceAll(text, "%%", percent), "…"), percent, "%")
	text = ends.ReplaceAllString(strings.Join(strings.Fields(text), " "), "")
	if len(word.FindAllString(text, -1)) < fewestWords {
		return ""
	}
	return text
}

// textsOf are the expressions that are given to each name anywhere in the file, and returned by each function ("name()").
func textsOf(file *ast.File) map[string][]ast.Expr {
	given := map[string][]ast.Expr{}
	keep := func(names, values []ast.Expr) {
		for i, name := range names {
			if id, ok := name.(*ast.Ident); ok && i < len(values) {
				given[id.Name] = append(given[id.Name], values[i])
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			keep(n.Lhs, n.Rhs)
		case *ast.ValueSpec:
			names := make([]ast.Expr, len(n.Names))
			for i, name := range n.Names {
				names[i] = name
			}
			keep(names, n.Values)
		case *ast.FuncDecl:
			ast.Inspect(n, func(inner ast.Node) bool {
				if end, ok := inner.(*ast.ReturnStmt); ok {
					given[n.Name.Name+"()"] = append(given[n.Name.Name+"()"], end.Results...)
				}
				return true
			})
		}
		return true
	})
	return given
}

// textOf is the value of a literal, or of several that are joined.
func textOf(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		x, okX := textOf(e.X)
		y, okY := textOf(e.Y)
		return x + y, okX && okY
	case *ast.ParenExpr:
		return textOf(e.X)
	default:
		return "", false
	}
}

// nameOf is how a type or function is called, e.g. fmt.Errorf or r.set.Logger.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return nameOf(e.X) + "." + e.Sel.Name
	default:
		return ""
	}
}
