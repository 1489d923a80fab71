package architecture

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A type with more than this is several nouns, or a package that wants out.
const (
	maxFields  = 15
	maxMethods = 20
)

// size is how much a type declares.
type size struct{ fields, methods int }

func (s size) String() string { return fmt.Sprintf("%d fields and %d methods", s.fields, s.methods) }

func (s size) within(most size) bool { return s.fields <= most.fields && s.methods <= most.methods }

// exempt are the types that may be large, each with the reason.
var exempt = map[string]string{
	"receiver/defenderstoragereceiver.Config": "the same",
	"receiver/defenderreceiver.Config":        "a user's configuration: a field for each key, a method for each rule about them",
	"internal/emulator/defendersim.Options":   "a configuration: a field for each option of the command",
}

// With -v this prints every type that is too large.
func TestTypesAreSmall(t *testing.T) {
	seen := map[string]size{}
	for _, pkg := range readGraph(t).packages() {
		for name, s := range sizesIn(productionFiles(t, token.NewFileSet(), filepath.Join(root, filepath.FromSlash(pkg)))) {
			seen[pkg+"."+name] = s
		}
	}
	require.Contains(t, seen, "internal/hunting.Rows")
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		s, most := seen[name], size{maxFields, maxMethods}
		if s.within(most) {
			continue
		}
		t.Logf("%s has %s", name, s)
		if exempt[name] == "" {
			assert.True(t, s.within(most), "%s has %s: %s are the most", name, s, most)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(exempt)) {
		assert.False(t, seen[name].within(size{maxFields, maxMethods}), "%s is small by now: take it off its list", name)
	}
}

func TestALargeTypeIsFound(t *testing.T) {
	parsed := func(text string) *ast.File {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\n"+text, parser.SkipObjectResolution)
		require.NoError(t, err)
		return file
	}
	sizes := sizesIn([]*ast.File{
		parsed("type (\n a[T any] struct { b, c int; *d; e }\n f interface { g(); h() }\n)\nfunc (*a[T]) i() {}"),
		parsed("func (a[T]) j() {}\nfunc (k) l() {}\ntype k map[string]a[int]"),
	})
	assert.Equal(t, map[string]size{"a": {4, 2}, "f": {0, 2}, "k": {0, 1}}, sizes)
	assert.True(t, size{maxFields, maxMethods}.within(size{maxFields, maxMethods}))
	assert.False(t, size{maxFields + 1, 0}.within(size{maxFields, maxMethods}))
	assert.False(t, size{0, maxMethods + 1}.within(size{maxFields, maxMethods}))
}

// sizesIn has the size of each type that the files of a package declare. An embedded field counts as one, and the
// methods of an interface count as methods.
func sizesIn(files []*ast.File) map[string]size {
	sizes := map[string]size{}
	for _, file := range files {
		for _, decl := range file.Decls {
			if method, ok := decl.(*ast.FuncDecl); ok && method.Recv != nil {
				name := receiverOf(method)
				s := sizes[name]
				s.methods++
				sizes[name] = s
			}
			declared, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range declared.Specs {
				if named, ok := spec.(*ast.TypeSpec); ok {
					s := sizes[named.Name.Name]
					s.add(named.Type)
					sizes[named.Name.Name] = s
				}
			}
		}
	}
	return sizes
}

func (s *size) add(declared ast.Expr) {
	switch declared := declared.(type) {
	case *ast.StructType:
		s.fields += declared.Fields.NumFields()
	case *ast.InterfaceType:
		s.methods += declared.Methods.NumFields()
	}
}

// receiverOf is the name of the type that a method belongs to.
func receiverOf(method *ast.FuncDecl) string {
	declared := method.Recv.List[0].Type
	for {
		switch inner := declared.(type) {
		case *ast.StarExpr:
			declared = inner.X
		case *ast.IndexExpr:
			declared = inner.X
		case *ast.IndexListExpr:
			declared = inner.X
		case *ast.Ident:
			return inner.Name
		default:
			return ""
		}
	}
}
