package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// module is the path of this module.
const module = "github.com/otelcol-defender/otelcol-defender"

// listDirectories gives the source directory of each package that the distribution is made of.
func listDirectories(ctx context.Context) (map[string]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-f", "{{.ImportPath}}\t{{.Dir}}", module+"/internal/distribution")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	listed, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the packages of the distribution: %w: %s", err, complaint.String())
	}
	found := map[string]string{}
	for line := range strings.Lines(string(listed)) {
		if path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			found[path] = dir
		}
	}
	return found, nil
}

// source reads the packages of types when it is asked for them.
type source struct {
	directories map[string]string
	packages    map[string]*pkg
	err         error
}

func newSource(directories map[string]string) *source {
	return &source{directories: directories, packages: map[string]*pkg{}}
}

// pkg is what one package says.
type pkg struct {
	types     map[string]string // comments, by name
	fields    map[string]string // comments, by Type.Field
	constants map[string][]constant.Value
}

// Field is the comment of a struct's field.
func (s *source) Field(structure reflect.Type, field string) string {
	return s.of(structure).fields[structure.Name()+"."+field]
}

// Type is the comment of a type.
func (s *source) Type(t reflect.Type) string { return s.of(t).types[t.Name()] }

// Constants are the constants of a type.
func (s *source) Constants(t reflect.Type) []constant.Value { return s.of(t).constants[t.Name()] }

// Component is what the metadata.yaml beside a component's configuration says of it.
func (s *source) Component(config reflect.Type) string {
	text, err := os.ReadFile(filepath.Join(s.directories[config.PkgPath()], "metadata.yaml"))
	if err != nil {
		return "" // not every component has one
	}
	var metadata struct {
		Description string `yaml:"description"`
	}
	if err := yaml.Unmarshal(text, &metadata); err != nil {
		s.err = errors.Join(s.err, fmt.Errorf("read the metadata of %s: %w", config.PkgPath(), err))
	}
	return strings.TrimSpace(metadata.Description)
}

func (s *source) of(t reflect.Type) *pkg {
	path := t.PkgPath()
	dir, ok := s.directories[path]
	if !ok || t.Name() == "" {
		return &pkg{}
	}
	read, ok := s.packages[path]
	if !ok {
		var err error
		if read, err = readPackage(dir); err != nil {
			s.err = errors.Join(s.err, fmt.Errorf("read the source of %s: %w", path, err))
			read = &pkg{}
		}
		s.packages[path] = read
	}
	return read
}

func readPackage(dir string) (*pkg, error) {
	files, set, err := parse(dir)
	if err != nil {
		return nil, err
	}
	p := &pkg{types: map[string]string{}, fields: map[string]string{}, constants: constants(dir, set, files)}
	for _, file := range files {
		for _, declared := range file.Decls {
			if general, ok := declared.(*ast.GenDecl); ok && general.Tok == token.TYPE {
				p.addTypes(general)
			}
		}
	}
	return p, nil
}

func parse(dir string) ([]*ast.File, *token.FileSet, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, nil, err
	}
	set, files := token.NewFileSet(), []*ast.File(nil)
	for _, path := range paths {
		matches, err := build.Default.MatchFile(filepath.Split(path))
		if err != nil {
			return nil, nil, err
		}
		if strings.HasSuffix(path, "_test.go") || !matches {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, file)
	}
	return files, set, nil
}

func (p *pkg) addTypes(general *ast.GenDecl) {
	for _, spec := range general.Specs {
		declared := spec.(*ast.TypeSpec)
		comment := declared.Doc
		if comment == nil {
			comment = general.Doc
		}
		p.types[declared.Name.Name] = comment.Text()
		structure, ok := declared.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range structure.Fields.List {
			p.addField(declared.Name.Name, field)
		}
	}
}

func (p *pkg) addField(structure string, field *ast.Field) {
	comment := field.Doc
	if comment == nil {
		comment = field.Comment
	}
	for _, name := range field.Names {
		p.fields[structure+"."+name.Name] = comment.Text()
	}
}

// noImports fails every import. The constants of a package rarely need any.
type noImports struct{}

func (noImports) Import(string) (*types.Package, error) { return nil, errors.New("not imported") }

// constants are those of each type that the package declares.
func constants(dir string, set *token.FileSet, files []*ast.File) map[string][]constant.Value {
	config := types.Config{Importer: noImports{}, Error: func(error) {}, DisableUnusedImportCheck: true, IgnoreFuncBodies: true}
	checked, _ := config.Check(dir, set, files, nil) // its errors are about imports
	found := map[string][]constant.Value{}
	for _, name := range checked.Scope().Names() {
		declared, ok := checked.Scope().Lookup(name).(*types.Const)
		if !ok || declared.Val().Kind() == constant.Unknown {
			continue
		}
		if named, ok := declared.Type().(*types.Named); ok {
			found[named.Obj().Name()] = append(found[named.Obj().Name()], declared.Val())
		}
	}
	return found
}
